import { stat } from 'node:fs/promises';
import type { BigIntStats } from 'node:fs';
import { AppError, isErrno, messageOf } from '../../shared/errors.js';
import { pidOf, type ProcessState } from '../../shared/model/process.js';
import type { ServiceSpec } from '../../shared/model/service.js';
import type { Exec } from '../../shared/ports/exec.js';
import type { Processes } from '../services/index.js';
import type { LogFacts } from './choose.js';
import { fileSystemType } from './file-system.js';
import { signalTeller } from './methods/signal.js';
import { findWriters } from './writers.js';

/** One log, and what decides how it is rotated. */
export interface SurveyedLog {
  readonly path: string;
  /** null: there is nothing that could be rotated, `why` says what is there instead. */
  readonly stats: BigIntStats | null;
  readonly why: string | null;
  readonly facts: LogFacts;
}

export interface SurveyDeps {
  readonly exec: Exec;
  readonly platform: NodeJS.Platform;
  readonly processes: Processes;
  readonly processOf: (spec: ServiceSpec, signal: AbortSignal) => Promise<ProcessState>;
}

export interface Survey {
  readonly logs: readonly SurveyedLog[];
  /** By USR2 to open its logs anew; null: it does not run, or cannot be told so. */
  readonly tell: (() => Promise<void>) | null;
  readonly isDown: boolean;
}

/** Looks at the logs of a service, and changes nothing. */
export async function survey(spec: ServiceSpec, logs: readonly string[], deps: SurveyDeps, signal: AbortSignal): Promise<Survey> {
  const [writers, canCollapse, state] = await Promise.all([
    deps.platform === 'win32' ? { of: new Map<string, []>(), complete: false } : findWriters(logs),
    hasCollapse(deps, signal),
    deps.processOf(spec, signal).catch((error: unknown): ProcessState => ({ state: 'unknown', why: messageOf(error) })),
  ]);
  const own = state.state === 'running' ? await familyOf(pidOf(state.process), deps.processes) : [];
  const teller = await signalTeller(spec.name, state).then(
    (tell) => ({ tell, noSignal: null }),
    (error: unknown) => ({ tell: null, noSignal: messageOf(error) }),
  );
  const surveyed = logs.map(async (path): Promise<SurveyedLog> => {
    const { stats, why } = await look(path);
    const fileSystem = stats === null ? null : await fileSystemType(stats.dev);
    const facts: LogFacts = {
      type: spec.type,
      platform: deps.platform,
      fileSystem,
      canCollapse,
      writers: writers.of.get(path) ?? [],
      complete: writers.complete,
      own,
      noSignal: teller.noSignal,
    };
    return { path, stats, why, facts };
  });
  return { logs: await Promise.all(surveyed), tell: teller.tell, isDown: state.state === 'down' };
}

async function look(path: string): Promise<{ stats: BigIntStats | null; why: string | null }> {
  try {
    const stats = await stat(path, { bigint: true });
    if (!stats.isFile()) return { stats: null, why: 'it is not a file' };
    return stats.size === 0n ? { stats: null, why: 'it is empty' } : { stats, why: null };
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return { stats: null, why: 'there is no such file' };
    throw new AppError('failed', `${path} cannot be looked at: ${messageOf(error)}`, { cause: error });
  }
}

/** Other programs of this name cannot collapse. */
async function hasCollapse({ exec, platform }: SurveyDeps, signal: AbortSignal): Promise<boolean> {
  if (platform !== 'linux') return false;
  try {
    const { code, stdout } = await exec(['fallocate', '--version'], { timeoutMs: VERSION_MS, signal });
    return code === 0 && stdout.includes('util-linux');
  } catch (error) {
    if (error instanceof AppError && error.code === 'failed') return false;
    throw error;
  }
}

const VERSION_MS = 10_000;

/** A process and all below it. */
async function familyOf(root: number, processes: Processes): Promise<number[]> {
  const all = await processes.all();
  const family = new Set([root]);
  for (let before = 0; before < family.size;) {
    before = family.size;
    for (const process of all) if (family.has(process.parent)) family.add(process.pid);
  }
  return [...family];
}
