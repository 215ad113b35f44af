import { spawn, type ChildProcess } from 'node:child_process';
import { open, readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { parseConf, singleFile } from '../../agent/balancers/index.js';
import { linkSignals } from '../../shared/abort.js';
import { AppError } from '../../shared/errors.js';
import { systemClock } from '../../shared/ports/clock.js';
import type { Argv } from '../../shared/ports/exec.js';

export interface RunningPound {
  readonly pid: number;
  /** Where it writes what it has to say. */
  readonly log: string;
  /** Ends it at once; twice is once. Resolves when it is gone. */
  stop(): Promise<void>;
}

export interface StartPound {
  /** Pound itself, or what stands in for it. */
  readonly argv: Argv;
  readonly cfg: string;
  /** For its pid file and its log. */
  readonly dir: string;
  readonly signal: AbortSignal;
}

/** Starts Pound in the foreground and waits until all its listeners, the control socket among them, take connections. */
export async function startPound({ argv, cfg, dir, signal }: StartPound): Promise<RunningPound> {
  const log = join(dir, 'pound.log');
  const output = await open(log, 'a');
  const [file, ...args] = argv;
  const child = spawn(file, [...args, '-F', '-e', '-p', join(dir, 'pound.pid'), '-f', cfg], { stdio: ['ignore', output.fd, output.fd] });
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
    child.once('error', () => resolve());
  });
  await output.close();
  const { pid } = child;
  if (pid === undefined) throw new AppError('failed', `${file} cannot be started`);
  const stop = () => end(child, ended);
  try {
    using linked = linkSignals([signal], START_LIMIT_MS, 'the start of Pound');
    const { listeners } = parseConf(singleFile(cfg, await readFile(cfg, 'latin1')));
    for (const { address } of listeners) {
      while (!(await accepts(address))) {
        if (child.exitCode !== null || child.signalCode !== null)
          throw new AppError('failed', `Pound ended at its start: ${await lastWords(log)}`);
        await systemClock.sleep(POLL_MS, linked.signal);
      }
    }
  } catch (error) {
    await stop();
    throw error;
  }
  return { pid, log, stop };
}

const START_LIMIT_MS = 10_000;
const STOP_LIMIT_MS = 5000;
const POLL_MS = 20;

async function end(child: ChildProcess, ended: Promise<void>): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGTERM');
  const killer = setTimeout(() => child.kill('SIGKILL'), STOP_LIMIT_MS);
  await ended;
  clearTimeout(killer);
}

function accepts(address: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(address.startsWith('/') ? { path: address } : tcp(address));
    const answer = (yes: boolean) => {
      socket.destroy();
      resolve(yes);
    };
    socket.once('connect', () => answer(true));
    socket.once('error', () => answer(false));
  });
}

function tcp(address: string): { readonly host: string; readonly port: number } {
  const at = address.lastIndexOf(':');
  return { host: address.slice(0, at).replace(/^\[(.*)\]$/, '$1'), port: Number(address.slice(at + 1)) };
}

const lastWords = async (log: string): Promise<string> => (await readFile(log, 'utf8')).trim().split('\n').slice(-3).join('; ');
