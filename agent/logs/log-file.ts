import type { Stats } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import * as zlib from 'node:zlib';
import { type Duplex, pipeline, Readable } from 'node:stream';
import { reasonOf, throwIfAborted } from '../../shared/abort.js';
import { AppError } from '../../shared/errors.js';
import { streamProgram } from '../../shared/ports/stream-program.js';
import { openToRead } from '../opened-path.js';
import { headerOf } from './blocks.js';
import type { Header } from './headers.js';

/** A log, or an archive of one, that is open. */
export interface LogFile {
  readonly path: string;
  readonly handle: FileHandle;
  readonly packed: Packing | null;
  /** When it was opened. */
  readonly size: number;
  /** Epoch ms. */
  readonly written: number;
  readonly dev: number;
  readonly ino: number;
  /** Its own, also when its inode is used again. */
  readonly id: string;
  /** Parts of it were never written: they would read as one line of NUL bytes. */
  readonly sparse: boolean;
}

type Packing = 'gzip' | 'zstd' | 'bzip2' | 'xz';

/** Errors: those of the file system; `failed` for what is no file. */
export async function openLog(path: string): Promise<LogFile> {
  const handle = await openToRead(path);
  try {
    const stats = await handle.stat();
    const { size, mtimeMs, dev, ino, blocks } = stats;
    if (!stats.isFile()) throw new AppError('failed', `${path} is not a file`);
    // Without `blocks` (Windows) nothing is known of holes.
    const sparse = blocks > 0 && blocks * 512 < size - SPARSE_SLACK_BYTES;
    return { path, handle, packed: packedAs(path), size, written: mtimeMs, dev, ino, id: fileId(stats), sparse };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

const SPARSE_SLACK_BYTES = 1024 * 1024;

export const fileId = ({ dev, ino, birthtimeMs }: Pick<Stats, 'dev' | 'ino' | 'birthtimeMs'>): string => `${dev}:${ino}:${birthtimeMs}`;

/** The path is for systems that cannot open an open file once more. */
export type OpenFile = Pick<LogFile, 'handle' | 'path'>;

/** For a program: its position in the file is its own, and not where the last one left it. To be closed. */
export const openOnceMore = ({ handle, path }: OpenFile): Promise<FileHandle> =>
  open(process.platform === 'linux' ? `/proc/self/fd/${handle.fd}` : path, 'r');

const packedAs = (path: string): Packing | null => SUFFIXES.find(([suffix]) => path.endsWith(suffix))?.[1] ?? null;
const SUFFIXES: readonly (readonly [string, Packing])[] = [
  ...([
    ['.gz', 'gzip'],
    ['.zst', 'zstd'],
    ['.bz2', 'bzip2'],
    ['.xz', 'xz'],
  ] as const),
];

/** The bytes of a range as they are read, unpacked; `to` null: up to what is the end by then. Nothing is read ahead of who asks. */
export async function* readBytes(log: LogFile, from: number, to: number | null, signal: AbortSignal): AsyncGenerator<Buffer> {
  if (log.packed === null) {
    yield* readPlain(log.handle, from, to, signal);
    return;
  }
  let position = 0;
  for await (const chunk of unpacked(log, signal)) {
    const start = Math.max(0, from - position);
    const end = to === null ? chunk.length : Math.min(chunk.length, to - position);
    position += chunk.length;
    if (end > start) yield chunk.subarray(start, end);
    if (to !== null && position >= to) return;
  }
}

/** As many of them as there are. */
export async function bytesAt(log: LogFile, from: number, to: number, signal: AbortSignal): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of readBytes(log, from, to, signal)) parts.push(Buffer.from(part));
  return Buffer.concat(parts);
}

async function* readPlain(handle: FileHandle, from: number, to: number | null, signal: AbortSignal): AsyncGenerator<Buffer> {
  const buffer = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, Math.max(0, (to ?? Infinity) - from)));
  for (let position = from; to === null || position < to;) {
    throwIfAborted(signal);
    const { bytesRead } = await handle.read(buffer, 0, Math.min(buffer.length, (to ?? Infinity) - position), position);
    if (bytesRead === 0) return;
    position += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}

const CHUNK_BYTES = 256 * 1024;

async function* unpacked(log: LogFile, signal: AbortSignal): AsyncGenerator<Buffer> {
  const unpacker = createUnpacker(log.packed);
  if (unpacker === null) {
    yield* unpackedByProgram(log, signal);
    return;
  }
  // Its end, good or bad, is that of the unpacker.
  pipeline(Readable.from(copies(readPlain(log.handle, 0, null, signal))), unpacker, () => undefined);
  const onAbort = () => unpacker.destroy(reasonOf(signal));
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    for await (const chunk of unpacker as AsyncIterable<Buffer>) yield chunk;
  } finally {
    signal.removeEventListener('abort', onAbort);
    unpacker.destroy();
  }
}

async function* copies(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  for await (const chunk of chunks) yield Buffer.from(chunk);
}

/** null: by the program of that name. Node has zstd from 22.15 on. */
function createUnpacker(packed: LogFile['packed']): Duplex | null {
  if (packed === 'gzip') return zlib.createGunzip({ chunkSize: CHUNK_BYTES });
  if (packed !== 'zstd') return null;
  const create: unknown = 'createZstdDecompress' in zlib ? zlib.createZstdDecompress : undefined;
  return typeof create === 'function' ? (create as () => Duplex)() : null;
}

async function* unpackedByProgram(log: LogFile, signal: AbortSignal): AsyncGenerator<Buffer> {
  const name = log.packed ?? 'zstd';
  const own = await openOnceMore(log);
  const program = streamProgram([name, '--decompress', '--stdout', '--quiet'], own.fd);
  await own.close();
  const onAbort = () => program.kill();
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    for await (const chunk of program.output as AsyncIterable<Buffer>) yield chunk;
    throwIfAborted(signal);
    const { code, stderr } = await program.ended;
    if (code !== 0) throw new AppError('failed', `${name}: ${stderr.trim()}`);
  } finally {
    signal.removeEventListener('abort', onAbort);
    program.kill();
  }
}

/** The first header of a log and where it begins; null where there is none near its beginning. */
export async function firstHeader(log: LogFile, signal: AbortSignal): Promise<{ readonly header: Header; readonly offset: number } | null> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const chunk of readBytes(log, 0, SNIFF_BYTES, signal)) {
    parts.push(Buffer.from(chunk));
    length += chunk.length;
    if (length >= SNIFF_BYTES) break;
  }
  return headerIn(Buffer.concat(parts), 0);
}

const SNIFF_BYTES = 64 * 1024;

/** The first header at or behind `from`, where a line begins. */
export function headerIn(bytes: Buffer, from: number): { readonly header: Header; readonly offset: number } | null {
  for (let at = from; at < bytes.length;) {
    const newline = bytes.indexOf(NEWLINE, at);
    const header = headerOf(bytes, at, newline < 0 ? bytes.length : newline);
    if (header !== null) return { header, offset: at };
    if (newline < 0) return null;
    at = newline + 1;
  }
  return null;
}

const NEWLINE = 0x0a;
