import { randomBytes } from 'node:crypto';
import { chmod, lstat, rename, rm, stat } from 'node:fs/promises';
import { connect } from 'node:net';
import { dirname, join } from 'node:path';
import { AppError, isErrno } from '../errors.js';

/**
 * A place for a unix socket: a server binds `temporaryPath`, then `publish()` puts it at its real path in one step, with mode 0600. So
 * nobody ever finds it with other rights, and the file that a dead server left is replaced.
 */
export interface SocketPlace {
  readonly temporaryPath: string;
  publish(): Promise<void>;
  /** Removes the file if it is still the one that was published. */
  remove(): Promise<void>;
}

/** Rejects with `conflict` if a server answers there, with `config` if something else than a socket is in the way. */
export async function claimSocket(path: string): Promise<SocketPlace> {
  await refuseIfTaken(path);
  const temporaryPath = join(dirname(path), `.${randomBytes(4).toString('hex')}`);
  let published: number | undefined;
  return {
    temporaryPath,
    async publish() {
      await chmod(temporaryPath, 0o600);
      published = (await stat(temporaryPath)).ino;
      await rename(temporaryPath, path);
    },
    async remove() {
      await rm(temporaryPath, { force: true });
      const now = await stat(path).catch((error: unknown) => {
        if (isErrno(error, 'ENOENT')) return undefined;
        throw error;
      });
      if (now !== undefined && now.ino === published) await rm(path, { force: true });
    },
  };
}

async function refuseIfTaken(path: string): Promise<void> {
  try {
    if (!(await lstat(path)).isSocket())
      throw new AppError('config', `${path} is in the way: it is not a socket`, { hint: 'remove it, or choose another path' });
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return;
    throw error;
  }
  if (await answers(path)) {
    throw new AppError('conflict', `another server answers at unix:${path}`, {
      hint: 'is another ctl-controller running on the same cluster.ini?',
    });
  }
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    socket.setTimeout(1_000);
    const end = (settle: () => void) => {
      socket.destroy();
      settle();
    };
    socket.once('connect', () => end(() => resolve(true)));
    // Neither refused nor accepted: its queue is full, so somebody listens.
    socket.once('timeout', () => end(() => resolve(true)));
    socket.once('error', (error) =>
      end(() => (isErrno(error, 'ECONNREFUSED', 'ENOENT') ? resolve(false) : isErrno(error, 'EAGAIN') ? resolve(true) : reject(error))),
    );
  });
}
