import { createHash, type Hash } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, open, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import { openToRead, requireOpened } from '../opened-path.js';
import { linkSignals, throwIfAborted } from '../../shared/abort.js';
import { AppError, isErrno, toAppError } from '../../shared/errors.js';
import { programFailed, streamProgram } from '../../shared/ports/stream-program.js';
import { giveName, identityOf } from './draft.js';

export interface CompressDeps {
  readonly signal: AbortSignal;
  readonly onStep: (step: string) => void;
}

/**
 * Puts a compressed archive, read back, in the place of a plain one, and answers its path. The plain one stays until then. Can be done
 * again after a crash at any point. Errors: `failed`, `cancelled`, and the plain one is as it was.
 */
export async function compress(archive: string, how: Packing, deps: CompressDeps): Promise<string> {
  const packed = `${archive}${SUFFIX[how]}`;
  const source = await openPlain(archive);
  try {
    if (await isPackedAlready(packed, source, how, deps)) {
      await rm(archive, { force: true });
      return packed;
    }
    const part = join(dirname(archive), `.${basename(packed)}.part`);
    await rm(part, { force: true });
    try {
      await packTo(part, source, how, deps);
      deps.onStep('packed');
      if (!(await giveName(part, packed))) throw new AppError('failed', `there is another ${packed}`);
    } catch (error) {
      await rm(part, { force: true });
      throw error;
    }
    deps.onStep('packed and named');
    await rm(archive, { force: true });
    return packed;
  } finally {
    await source.close();
  }
}

async function packTo(part: string, source: FileHandle, how: Packing, deps: CompressDeps): Promise<void> {
  const file = await open(part, constants.O_RDWR | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW, 0o600);
  try {
    await requireOpened(file, part);
    await PACKINGS[how].pack(source, file, deps);
    if (!(await isSame(file, source, how, deps))) throw new AppError('failed', `${part} does not unpack to what was packed`);
    const like = await source.stat();
    if (process.getuid?.() === 0) await file.chown(like.uid, like.gid);
    await file.chmod(like.mode & 0o666);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** A crash came between the two names: only the plain one has to go. */
async function isPackedAlready(packed: string, source: FileHandle, how: Packing, deps: CompressDeps): Promise<boolean> {
  if ((await identityOf(packed)) === null) return false;
  const file = await openPlain(packed);
  try {
    return await isSame(file, source, how, deps).catch(() => false);
  } finally {
    await file.close();
    throwIfAborted(deps.signal);
  }
}

/** Never through a link: its folder may belong to somebody who would have us read, and give him, the files of others. */
async function openPlain(path: string): Promise<FileHandle> {
  const file = await openToRead(path, constants.O_NOFOLLOW).catch((error: unknown) => {
    throw toAppError(error, isErrno(error, 'ELOOP') ? 'denied' : 'failed', `${path} cannot be read`);
  });
  try {
    await requireOpened(file, path);
    if (!(await file.stat()).isFile()) throw new AppError('failed', `${path} is not a file`);
    return file;
  } catch (error) {
    await file.close();
    throw error;
  }
}

async function isSame(packed: FileHandle, plain: FileHandle, how: Packing, { signal }: CompressDeps): Promise<boolean> {
  const unpacked = createHash('sha256');
  await PACKINGS[how].unpack(packed, into(unpacked), signal);
  const read = createHash('sha256');
  await pipeline(fromStart(plain), into(read), { signal });
  return unpacked.digest('hex') === read.digest('hex');
}

type Packing = 'gzip' | 'zstd';
const SUFFIX = { gzip: '.gz', zstd: '.zst' } as const;

/** The end of a pipeline. */
type Sink = (chunks: AsyncIterable<Buffer>) => Promise<void>;

const into =
  (hash: Hash): Sink =>
  async (chunks) => {
    for await (const chunk of chunks) hash.update(chunk);
  };

interface Packer {
  pack(from: FileHandle, to: FileHandle, deps: CompressDeps): Promise<void>;
  unpack(from: FileHandle, to: Sink, signal: AbortSignal): Promise<void>;
}

const PACKINGS: Readonly<Record<Packing, Packer>> = {
  gzip: {
    pack: (from, to, { signal }) => pipeline(fromStart(from), createGzip(), toStart(to), { signal }),
    unpack: (from, to, signal) => pipeline(fromStart(from), createGunzip(), to, { signal }),
  },
  zstd: {
    pack: (from, to, { signal }) => zstd(['-q', '-c'], from, toStart(to), signal),
    unpack: (from, to, signal) => zstd(['-q', '-d', '-c'], from, to, signal),
  },
};

/** By our descriptors, which stay open; the position of them is nobody's. */
async function* fromStart(file: FileHandle): AsyncGenerator<Buffer> {
  for (let at = 0; ;) {
    const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(CHUNK_BYTES), 0, CHUNK_BYTES, at);
    if (bytesRead === 0) return;
    at += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}

const toStart =
  (file: FileHandle): Sink =>
  async (chunks) => {
    let at = 0;
    for await (const chunk of chunks) {
      for (let written = 0; written < chunk.length;) {
        const { bytesWritten } = await file.write(chunk, written, chunk.length - written, at);
        written += bytesWritten;
        at += bytesWritten;
      }
    }
  };

const CHUNK_BYTES = 256 * 1024;

const HOUR_MS = 3_600_000;

async function zstd(args: readonly string[], from: FileHandle, to: Sink, signal: AbortSignal): Promise<void> {
  using bound = linkSignals([signal], HOUR_MS, 'zstd');
  const program = streamProgram(['zstd', ...args], 'pipe');
  try {
    const fed = program.input === null ? Promise.resolve() : pipeline(fromStart(from), program.input, { signal: bound.signal });
    // What it says itself is the better reason.
    fed.catch(() => undefined);
    const [end] = await Promise.all([program.ended, pipeline(program.output as AsyncIterable<Buffer>, to, { signal: bound.signal })]);
    if (end.code !== 0) throw programFailed('zstd', end);
    await fed;
  } catch (error) {
    throwIfAborted(bound.signal);
    throw error;
  } finally {
    program.kill();
  }
}
