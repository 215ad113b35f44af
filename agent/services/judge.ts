import type { ProcessState } from '../../shared/model/process.js';
import type { PidFile } from './pid-file.js';
import type { Inspected, ProcessFacts } from './processes.js';
import type { ServiceRecord } from './record.js';

export interface ServiceEvidence {
  readonly now: number;
  /** Of the last start, in this boot. */
  readonly record: ServiceRecord | null;
  /** Whether the process of the record is still there, with the same identity. */
  readonly started: Inspected;
  /** The pid file once named the start command's own process: it stays in the foreground, and leaves no daemon when it ends. */
  readonly foreground: boolean;
  /** A process with the record's token, looked for only if the record has no living process. */
  readonly offspring: 'found' | 'none';
  /** null: the service has no `pid_file`. */
  readonly pidFile: PidFile | null;
  readonly named: {
    readonly process: Inspected;
    readonly startedAt: number;
    /** Why it cannot be this service: the pid file is written by the service's user, who may write any pid into it. */
    readonly foreign: string | null;
  };
  /** Last lines of the start command's output. */
  readonly output: string;
  /** Does anything listen on its port? */
  readonly portTaken: boolean;
}

export type Judgement = { readonly state: 'running'; readonly process: ProcessFacts } | Exclude<ProcessState, { state: 'running' }>;

/**
 * Which process a `command` service is. The pid file comes first, unless it is stale; the process that we started ourselves
 * stands in for it as long as it lives; what neither tells is `unknown` where it could be running, and `down` where it cannot.
 */
export function judge(evidence: ServiceEvidence): Judgement {
  const { pidFile, named, started, record } = evidence;
  if (pidFile?.kind === 'unreadable') return { state: 'unknown', why: `pid file ${pidFile.path} cannot be read: ${pidFile.why}` };
  if (pidFile?.kind === 'pid') {
    const { process } = named;
    if (process === 'hidden') return { state: 'unknown', why: `process ${pidFile.pid} of ${pidFile.path} is hidden from this agent` };
    if (named.foreign !== null) return { state: 'unknown', why: `process ${pidFile.pid} of ${pidFile.path} ${named.foreign}` };
    const remembered = process !== 'gone' && process.id === record?.process;
    if (process !== 'gone' && (remembered || named.startedAt <= pidFile.writtenAt + CLOCK_SLACK_MS)) return { state: 'running', process };
  }
  if (started === 'hidden') return { state: 'unknown', why: `process ${record?.process ?? ''} is hidden from this agent` };
  if (started !== 'gone') return { state: 'running', process: started };
  return withoutProcess(evidence);
}

/** Pid file and clock agree to a second or so only. */
const CLOCK_SLACK_MS = 2_000;
/** A daemon that has not shown itself this long after its start command ended will not come. */
const START_WINDOW_MS = 300_000;

function withoutProcess(evidence: ServiceEvidence): Judgement {
  const { record, pidFile, offspring, foreground, now, output } = evidence;
  const stale = staleness(evidence);
  if (record !== null && !record.stopping) {
    const { ended } = record;
    if (ended !== null && ended.code !== 0) {
      const how = ended.code === null ? `was ended by ${ended.signal ?? 'a signal'}` : `ended with exit code ${ended.code}`;
      return { state: 'down', failed: true, why: `its start command ${how}${output === '' ? '' : `: ${output}`}` };
    }
    if (offspring === 'found') return daemonWithout(pidFile);
    if (ended !== null && !foreground && pidFile !== null && now - ended.at < START_WINDOW_MS) {
      return { state: 'starting', why: `its start command ended well, ${pidFile.path} names no process yet` };
    }
  }
  if (stale !== null) return { state: 'down', failed: false, why: stale };
  if (record?.stopping === true && pidFile !== null) return { state: 'down', failed: false, why: 'stopped' };
  if (pidFile?.kind === 'blank') return { state: 'unknown', why: `pid file ${pidFile.path} holds no pid` };
  if (pidFile === null && evidence.portTaken) {
    return { state: 'unknown', why: 'something listens on its port, and without a pid_file nobody knows which process' };
  }
  if (record?.stopping === true) return { state: 'down', failed: false, why: 'stopped' };
  if (record !== null) return { state: 'down', failed: false, why: `its process ended${output === '' ? '' : `: ${output}`}` };
  return { state: 'down', failed: false, why: pidFile === null ? 'not started by this agent' : `no pid file ${pidFile.path}` };
}

function daemonWithout(pidFile: PidFile | null): Judgement {
  if (pidFile !== null) return { state: 'starting', why: `its start command has ended, ${pidFile.path} names no process yet` };
  return { state: 'unknown', why: 'its start command left a daemon, and without a pid_file nobody knows which process' };
}

function staleness({ pidFile, named }: ServiceEvidence): string | null {
  if (pidFile?.kind !== 'pid') return null;
  if (named.process === 'gone') return `stale pid file ${pidFile.path}: no process ${pidFile.pid}`;
  return `stale pid file ${pidFile.path}: process ${pidFile.pid} is younger than the file`;
}
