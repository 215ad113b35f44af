import { spawn, type ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { AppError, isErrno } from '../../shared/errors.js';
import type { Clock } from '../../shared/ports/clock.js';

/** Processes that stand still. */
export interface Stopped {
  /** Throws `failed` if somebody has let them go on meanwhile, or is about to. */
  requireStill(): void;
  /** Sends CONT; can be called again. */
  goOn(): Promise<void>;
}

/** A process of its own that sends CONT to `pids` when we are done, when we die, and when a second has passed. */
export interface Watchdog {
  /** Sends STOP and waits until every thread stands. Errors: `failed`, and they go on. */
  stop(signal: AbortSignal): Promise<Stopped>;
  end(): Promise<void>;
}

/** No pause lasts longer, whatever happens. */
const LIMIT_MS = 1_000;
/** Until then the watchdog has not let them go on. */
const SAFE_MS = 800;
const START_MS = 10_000;
const STAND_MS = 200;

/**
 * Reads a byte for each pause that begins and one for each that ends; the end of its input is our end. It is deaf to the signals that end
 * us, and says when it is ready.
 */
const PROGRAM = `
const pids = process.argv.slice(1).map(Number);
const go = () => { for (const pid of pids) try { process.kill(pid, 'SIGCONT'); } catch {} };
for (const name of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.on(name, () => {});
let timer;
process.stdin.on('data', (bytes) => {
  for (const byte of bytes) {
    clearTimeout(timer);
    if (byte === 115) timer = setTimeout(go, ${LIMIT_MS}); else go();
  }
});
process.stdin.on('end', () => { go(); process.exit(0); });
process.stdin.on('error', () => { go(); process.exit(0); });
process.stdout.write('r');
`;

export async function createWatchdog(pids: readonly number[], clock: Clock): Promise<Watchdog> {
  const child = spawn(process.execPath, ['-e', PROGRAM, ...pids.map(String)], {
    detached: true,
    stdio: ['pipe', 'pipe', 'ignore'],
    env: {},
  });
  const exited = new Promise<void>((resolve) => child.once('close', () => resolve()));
  await readiness(child);

  const order = (byte: 's' | 'g'): Promise<void> =>
    new Promise((resolve, reject) => {
      child.stdin.write(byte, (error) =>
        error ? reject(new AppError('failed', 'the watchdog of the pause is gone', { cause: error })) : resolve(),
      );
    });

  return {
    async stop(signal) {
      const begun = performance.now();
      // Told first: from here on it lets them go on by itself.
      await order('s');
      const stopped: Stopped = {
        requireStill() {
          if (performance.now() - begun < SAFE_MS && pids.every(standsNow)) return;
          throw new AppError('failed', 'the pause took too long: the log was left as it was');
        },
        async goOn() {
          for (const pid of pids) send(pid, 'SIGCONT');
          await order('g');
        },
      };
      try {
        for (const pid of pids) send(pid, 'SIGSTOP');
        const deadline = clock.now() + STAND_MS;
        while (!(await Promise.all(pids.map(stands))).every(Boolean)) {
          if (clock.now() > deadline) throw new AppError('failed', `process ${pids.join(', ')} does not stop`);
          await clock.sleep(1, signal);
        }
        return stopped;
      } catch (error) {
        await stopped.goOn();
        throw error;
      }
    },
    async end() {
      child.stdin.end();
      await exited;
    },
  };
}

async function readiness(child: ChildProcess): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  try {
    await new Promise<void>((resolve, reject) => {
      const fail = (cause: unknown) => reject(new AppError('failed', 'the watchdog of the pause could not be started', { cause }));
      timer = setTimeout(() => fail('it said nothing'), START_MS);
      child.once('error', fail);
      child.once('exit', () => fail('it ended'));
      child.stdin?.on('error', () => undefined);
      child.stdout?.once('data', () => resolve());
    });
  } catch (error) {
    child.kill('SIGKILL');
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

function send(pid: number, name: 'SIGSTOP' | 'SIGCONT'): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if (!isErrno(error, 'ESRCH'))
      throw new AppError('failed', `${name} to process ${pid} failed`, { cause: error, hint: 'does the agent run as root?' });
  }
}

/** Each thread of it; one that is gone writes nothing either. */
async function stands(pid: number): Promise<boolean> {
  try {
    const threads = await readdir(`/proc/${pid}/task`);
    const states = await Promise.all(threads.map((id) => readFile(`/proc/${pid}/task/${id}/stat`, 'utf8').then(stateOf, () => 'T')));
    return states.every((state) => STANDING.includes(state));
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ESRCH')) return true;
    throw error;
  }
}

/** Without letting go of the thread: what follows must come at once. */
function standsNow(pid: number): boolean {
  try {
    return STANDING.includes(stateOf(readFileSync(`/proc/${pid}/stat`, 'utf8')));
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ESRCH')) return true;
    throw error;
  }
}

const stateOf = (stat: string): string => stat.slice(stat.lastIndexOf(')') + 2).charAt(0);
const STANDING = ['T', 't', 'Z', 'X'];
