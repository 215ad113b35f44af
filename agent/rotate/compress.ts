import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { chmod, chown, open, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import { throwIfAborted } from '../../shared/abort.js';
import { AppError } from '../../shared/errors.js';
import type { Exec } from '../../shared/ports/exec.js';
import { giveName, identityOf } from './draft.js';

export interface CompressDeps {
  readonly exec: Exec;
  readonly signal: AbortSignal;
  readonly onStep: (step: string) => void;
}

/**
 * Puts a compressed archive, read back, in the place of a plain one, and answers its path. The plain one stays until then. Can be done
 * again after a crash at any point. Errors: `failed`, `cancelled`, and the plain one is as it was.
 */
export async function compress(archive: string, how: Packing, deps: CompressDeps): Promise<string> {
  const packed = `${archive}${SUFFIX[how]}`;
  if (await isPackedAlready(packed, archive, how, deps)) return packed;
  const part = join(dirname(archive), `.${basename(packed)}.part`);
  await rm(part, { force: true });
  try {
    const like = await stat(archive);
    await PACKINGS[how].pack(archive, part, deps);
    await verify(part, archive, how, deps);
    await chmod(part, like.mode & 0o666);
    if (process.getuid?.() === 0) await chown(part, like.uid, like.gid);
    await syncFile(part);
  } catch (error) {
    await rm(part, { force: true });
    throw error;
  }
  deps.onStep('packed');
  if (!(await giveName(part, packed))) {
    await rm(part, { force: true });
    throw new AppError('failed', `there is another ${packed}`);
  }
  deps.onStep('packed and named');
  await rm(archive, { force: true });
  return packed;
}

/** A crash came between the two names: only the plain one has to go. */
async function isPackedAlready(packed: string, archive: string, how: Packing, deps: CompressDeps): Promise<boolean> {
  if ((await identityOf(packed)) === null) return false;
  const same = await verify(packed, archive, how, deps).then(
    () => true,
    () => false,
  );
  throwIfAborted(deps.signal);
  if (same) await rm(archive, { force: true });
  return same;
}

async function verify(packed: string, archive: string, how: Packing, deps: CompressDeps): Promise<void> {
  const [unpacked, plain] = [await PACKINGS[how].unpackedSha256(packed, deps), await sha256OfFile(archive, deps.signal)];
  if (unpacked !== plain) throw new AppError('failed', `${packed} does not unpack to ${archive}`);
}

type Packing = 'gzip' | 'zstd';
const SUFFIX = { gzip: '.gz', zstd: '.zst' } as const;
const HOUR_MS = 3_600_000;

interface Packer {
  pack(from: string, to: string, deps: CompressDeps): Promise<void>;
  unpackedSha256(path: string, deps: CompressDeps): Promise<string>;
}

const PACKINGS: Readonly<Record<Packing, Packer>> = {
  gzip: {
    pack: (from, to, { signal }) =>
      pipeline(createReadStream(from), createGzip(), createWriteStream(to, { flags: 'wx', mode: 0o600 }), { signal }),
    async unpackedSha256(path, { signal }) {
      const hash = createHash('sha256');
      await pipeline(createReadStream(path), createGunzip(), hash, { signal });
      return hash.digest('hex');
    },
  },
  zstd: {
    pack: (from, to, deps) => zstd(['-q', '-o', to, '--', from], deps),
    async unpackedSha256(path, deps) {
      const plain = `${path}.plain`;
      try {
        await zstd(['-q', '-d', '-f', '-o', plain, '--', path], deps);
        return await sha256OfFile(plain, deps.signal);
      } finally {
        await rm(plain, { force: true });
      }
    },
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
