import type { ProcessState } from '../../shared/model/process.js';

/** One unit as `systemctl show` describes it. */
export interface Unit {
  /** loaded, not-found, masked, bad-setting, error … */
  readonly load: string;
  /** Why it could not be loaded; ''. */
  readonly loadError: string;
  /** active, activating, deactivating, inactive, failed, reloading, maintenance. */
  readonly active: string;
  /** running, exited, auto-restart, start-pre, stop-sigterm, dead … */
  readonly sub: string;
  /** Of its last run: success, exit-code, signal, timeout, start-limit-hit, oom-kill … */
  readonly result: string;
  /** 0: it has none, or systemd does not know which. */
  readonly mainPid: number;
  /** How the main process ended the last time: by `exit` with a status, by a signal with that number, or not yet. */
  readonly ended: { readonly how: 'exited' | 'killed'; readonly status: number } | null;
  readonly restarts: number;
  /** A start or stop is on its way. */
  readonly job: boolean;
  /** Of its last run; ''. */
  readonly invocation: string;
  /** '' without processes. */
  readonly controlGroup: string;
}

export const UNIT_PROPERTIES = [
  'LoadState',
  'LoadError',
  'ActiveState',
  'SubState',
  'Result',
  'MainPID',
  'ExecMainCode',
  'ExecMainStatus',
  'NRestarts',
  'Job',
  'InvocationID',
  'ControlGroup',
] as const;

/** Throws a plain Error if that is no description of a unit. Properties that an old systemd does not have are empty. */
export function parseUnit(text: string): Unit {
  const properties = new Map(
    text.split('\n').flatMap((line) => {
      const at = line.indexOf('=');
      return at === -1 ? [] : [[line.slice(0, at), line.slice(at + 1)] as const];
    }),
  );
  const textOf = (name: (typeof UNIT_PROPERTIES)[number]) => properties.get(name) ?? '';
  const numberOf = (name: (typeof UNIT_PROPERTIES)[number]) => (/^\d+$/.test(textOf(name)) ? Number(textOf(name)) : 0);
  if (textOf('LoadState') === '' || textOf('ActiveState') === '' || !/^\d+$/.test(textOf('MainPID')))
    throw new Error(`systemctl show told neither LoadState, ActiveState nor MainPID: ${text.trim().slice(0, 200)}`);
  const code = numberOf('ExecMainCode');
  return {
    load: textOf('LoadState'),
    loadError: /"(.*)"\s*$/.exec(textOf('LoadError'))?.[1] ?? '',
    active: textOf('ActiveState'),
    sub: textOf('SubState'),
    result: textOf('Result'),
    mainPid: numberOf('MainPID'),
    ended: code === 0 ? null : { how: code === CLD_EXITED ? 'exited' : 'killed', status: numberOf('ExecMainStatus') },
    restarts: numberOf('NRestarts'),
    job: numberOf('Job') > 0,
    invocation: textOf('InvocationID'),
    controlGroup: textOf('ControlGroup'),
  };
}

export type UnitJudgement = { readonly state: 'process' } | Exclude<ProcessState, { state: 'running' }>;

/** What a unit is in our words; `process`: it has at least one, and runs until that is gone, also while it starts or stops. */
export function judgeUnit(unit: Unit): UnitJudgement {
  const { active, sub, mainPid } = unit;
  if (mainPid > 0) return { state: 'process' };
  switch (active) {
    case 'active':
    case 'reloading':
      return { state: 'process' };
    case 'activating':
      if (!waitsToRestart(unit)) return { state: 'starting', why: `systemd is starting it (${sub})` };
      return { state: 'starting', why: `systemd starts it again in a moment: it ${howItEnded(unit)}` };
    case 'deactivating':
      return { state: 'down', failed: false, why: `systemd is stopping it (${sub})` };
    case 'inactive':
      return { state: 'down', failed: false, why: `it is not running (${active}, ${sub})` };
    case 'failed':
      return { state: 'down', failed: true, why: `it ${howItEnded(unit)}` };
    default:
      return { state: 'unknown', why: `systemd calls it ${active} (${sub})` };
  }
}

/** systemd could not even run its program (systemd.exec(5), EXIT_EXEC). */
export const ranNoProgram = (unit: Unit): boolean => unit.ended?.how === 'exited' && unit.ended.status === EXIT_EXEC;

/** It has no process, and systemd starts it again in a moment. */
export const waitsToRestart = ({ active, sub, mainPid }: Unit): boolean =>
  mainPid === 0 && active === 'activating' && sub === 'auto-restart';

/** systemd refuses every start until the unit is reset. */
export const hitStartLimit = (unit: Unit): boolean => unit.result === 'start-limit-hit';

function howItEnded(unit: Unit): string {
  const { ended, result, restarts } = unit;
  const again = restarts === 0 ? '' : `, after ${restarts} ${restarts === 1 ? 'restart' : 'restarts'}`;
  if (hitStartLimit(unit))
    return `was started too often in a short time: systemd has stopped trying, the next start of ours begins anew${again}`;
  if (result === 'timeout') return `was not up, or not down, within the time that its unit sets (timeout)${again}`;
  if (result === 'oom-kill') return `was killed for lack of memory (oom-kill)${again}`;
  if (ranNoProgram(unit)) return `has no program that can be run (exit code ${EXIT_EXEC}/EXEC)${again}`;
  if (ended === null) return `failed (${result})${again}`;
  return `${ended.how === 'exited' ? `ended with exit code ${ended.status}` : `was ended by ${signalName(ended.status)}`}${again}`;
}

export const signalName = (number: number): string => SIGNALS[number] ?? `signal ${number}`;
const SIGNALS: Readonly<Record<number, string>> = {
  1: 'SIGHUP',
  2: 'SIGINT',
  3: 'SIGQUIT',
  4: 'SIGILL',
  6: 'SIGABRT',
  7: 'SIGBUS',
  8: 'SIGFPE',
  9: 'SIGKILL',
  10: 'SIGUSR1',
  11: 'SIGSEGV',
  12: 'SIGUSR2',
  13: 'SIGPIPE',
  15: 'SIGTERM',
};

const CLD_EXITED = 1;
const EXIT_EXEC = 203;
