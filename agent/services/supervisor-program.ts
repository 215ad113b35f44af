import { isStruct, type RpcValue } from './xml-rpc.js';
import type { ProcessState } from '../../shared/model/process.js';

/** One program as `getProcessInfo` describes it. */
export interface Program {
  /** STOPPED, STARTING, RUNNING, BACKOFF, STOPPING, EXITED, FATAL, UNKNOWN. */
  readonly state: string;
  /** 0: it has no process. */
  readonly pid: number;
  /** −1 if a signal ended it; 0 before its first end, and after one that came too quickly. */
  readonly exitStatus: number;
  /** '' unless it could not be started the last time. */
  readonly spawnError: string;
}

/** Throws a plain Error if it is no such description. */
export function parseProgram(value: RpcValue): Program {
  if (!isStruct(value)) throw new Error('no description of a process');
  const { statename, pid, exitstatus, spawnerr } = value;
  if (typeof statename !== 'string' || typeof pid !== 'number' || typeof exitstatus !== 'number')
    throw new Error('a description of a process without statename, pid and exitstatus');
  return { state: statename, pid, exitStatus: exitstatus, spawnError: typeof spawnerr === 'string' ? spawnerr : '' };
}

export type ProgramJudgement = { readonly state: 'process'; readonly pid: number } | Exclude<ProcessState, { state: 'running' }>;

/**
 * What a program is in our words. As long as it has a process it runs, also while supervisor does not trust it yet (STARTING) or
 * waits for its end (STOPPING). BACKOFF is no failure yet: supervisor starts it again by itself, and says FATAL when it gives up.
 */
export function judgeProgram(program: Program): ProgramJudgement {
  const { state, pid } = program;
  if (pid > 0) return { state: 'process', pid };
  switch (state) {
    case 'STOPPED':
      return { state: 'down', failed: false, why: 'stopped' };
    case 'STARTING':
      return { state: 'starting', why: 'supervisor is about to start it' };
    case 'BACKOFF':
      return { state: 'starting', why: `supervisor tries to start it again: ${lastEnd(program)}` };
    case 'STOPPING':
      return { state: 'down', failed: false, why: 'supervisor has just stopped it' };
    case 'EXITED':
      return { state: 'down', failed: program.exitStatus !== 0, why: `it ${howItEnded(program)}` };
    case 'FATAL':
      return { state: 'down', failed: true, why: `supervisor has given up: ${lastEnd(program)}` };
    default:
      return { state: 'unknown', why: `supervisor calls it ${state}` };
  }
}

/** It has no process, and supervisor starts it again in a moment. */
export const waitsToRestart = ({ state, pid }: Program): boolean => pid === 0 && state === 'BACKOFF';

/** supervisor forgets the exit status of a program that ended too quickly: then its own words are all there is. */
const lastEnd = (program: Program): string => (program.spawnError === '' ? `it ${howItEnded(program)}` : program.spawnError);

function howItEnded({ exitStatus }: Program): string {
  if (exitStatus < 0) return 'was ended by a signal';
  return exitStatus === 0 ? 'ended' : `ended with exit code ${exitStatus}`;
}
