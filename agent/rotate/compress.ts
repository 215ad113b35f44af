import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { chmod, chown, open, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import { AppError } from '../../shared/errors.js';
import type { ArchiveCompression } from '../../shared/model/rotation.js';
import type { Exec } from '../../shared/ports/exec.js';
import { publish } from './draft.js';

export interface CompressDeps {
  readonly exec: Exec;
  readonly signal: AbortSignal;
}

/**
 * Puts a compressed archive, read back, in the place of a plain one, and answers its path. The plain one stays until then. Can be done
 * again after a crash at any point. Errors: `failed`, `cancelled`, and the plain one is as it was.
 */
export async function compress(archive: string, how: Exclude<ArchiveCompression, 'none'>, deps: CompressDeps): Promise<string> {
  const name = `${basename(archive)}${SUFFIX[how]}`;
  const part = join(dirname(archive), `.${name}.part`);
  await rm(part, { force: true });
  try {
    const like = await stat(archive);
    await PACKINGS[how].pack(archive, part, deps);
    await PACKINGS[how].verify(part, archive, deps);
    await chmod(part, like.mode & 0o666);
    if (process.getuid?.() === 0) await chown(part, like.uid, like.gid);
    await syncFile(part);
  } catch (error) {
    await rm(part, { force: true });
    throw error;
  }
  const packed = await publish(part, name);
  await rm(archive, { force: true });
  return packed;
}

const SUFFIX = { gzip: '.gz', zstd: '.zst' } as const;
const HOUR_MS = 3_600_000;

interface Packing {
  pack(from: string, to: string, deps: CompressDeps): Promise<void>;
  /** Rejects if `path` does not unpack to `plain`. */
  verify(path: string, plain: string, deps: CompressDeps): Promise<void>;
}

const PACKINGS: Readonly<Record<'gzip' | 'zstd', Packing>> = {
  gzip: {
    pack: (from, to, { signal }) =>
      pipeline(createReadStream(from), createGzip(), createWriteStream(to, { flags: 'wx', mode: 0o600 }), { signal }),
    async verify(path, plain, { signal }) {
      const unpacked = createHash('sha256');
      await pipeline(createReadStream(path), createGunzip(), unpacked, { signal });
      if (unpacked.digest('hex') !== (await sha256OfFile(plain, signal)))
        throw new AppError('failed', `${path} does not unpack to ${plain}`);
    },
  },
  zstd: {
    pack: (from, to, deps) => zstd(['-q', '--check', '-o', to, '--', from], deps),
    // By the sums of its own.
    verify: (path, _, deps) => zstd(['-q', '-t', '--', path], deps),
  },
};

async function zstd(args: readonly string[], { exec, signal }: CompressDeps): Promise<void> {
  const { code, stderr } = await exec(['zstd', ...args], { timeoutMs: HOUR_MS, signal });
  if (code !== 0) throw new AppError('failed', `zstd ended with ${code ?? 'a signal'}: ${stderr.trim().split('\n').at(-1) ?? ''}`);
}

async function sha256OfFile(path: string, signal: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash, { signal });
  return hash.digest('hex');
}

async function syncFile(path: string): Promise<void> {
  const file = await open(path, 'r+');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}
