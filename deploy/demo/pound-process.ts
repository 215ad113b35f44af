import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseConf, singleFile } from '../../agent/balancers/pound-conf.js';
import { AppError } from '../../shared/errors.js';
import { createProcesses } from './processes.js';
import { accepts } from './standin/address.js';
import { until } from './until.js';

export interface RunningPound {
  readonly pid: number;
  /** All that it said so far. */
  output(): Promise<string>;
  /** Ends it at once, its visitors with it; twice is once. Resolves when it is gone. */
  stop(): Promise<void>;
}

export interface StartPound {
  /** Pound itself, or what stands in for it. */
  readonly exe: string;
  readonly cfg: string;
  /** For its pid file and its output. */
  readonly dir: string;
  readonly signal: AbortSignal;
}

/** Starts Pound in the foreground and waits until all its listeners, the control socket among them, take connections. */
export async function startPound({ exe, cfg, dir, signal }: StartPound): Promise<RunningPound> {
  const processes = createProcesses(dir);
  const program = await processes.start('pound', poundArgv(exe, cfg, join(dir, 'pound.pid')));
  try {
    const { listeners } = parseConf(singleFile(cfg, await readFile(cfg, 'latin1')));
    for (const { address } of listeners) {
      await until(`Pound to listen on ${address}`, async () => !program.running() || accepts(address), { timeoutMs: START_MS, signal });
    }
    if (!program.running())
      throw new AppError('failed', `Pound ended at its start: ${(await program.output()).trim().split('\n').slice(-3).join('; ')}`);
  } catch (error) {
    await processes.endAll();
    throw error;
  }
  return { pid: program.pid, output: () => program.output(), stop: () => processes.endAll() };
}

/** Pound in the foreground, logging to its output. */
export const poundArgv = (exe: string, cfg: string, pidFile: string): [string, ...string[]] => [exe, '-F', '-e', '-p', pidFile, '-f', cfg];

const START_MS = 10_000;
