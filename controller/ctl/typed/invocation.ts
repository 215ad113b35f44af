import type { LogLevelName } from '../../../shared/model/log-search.js';

/** What was typed, understood and complete: nothing in it is looked at twice, and nothing that was typed is missing from it. */
export type Invocation = CommonOptions &
  (
    | CheckInvocation
    | StatusInvocation
    | EventsInvocation
    | LogInvocation
    | MemInvocation
    | PerfInvocation
    | PurgeInvocation
    | RollInvocation
    | RepairInvocation
    | RotateInvocation
    | BalancerInvocation
    | OperationsInvocation
    | MailInvocation
    | ConfigDiffInvocation
    | ConfigInvocation
    | LockInvocation
    | LoginInvocation
    | CompletionInvocation
    | CompleteInvocation
  );

export interface CommonOptions {
  /** cluster.ini. */
  readonly file: string;
  readonly json: boolean;
  readonly verbose: boolean;
  /** False after `--no-color`. */
  readonly color: boolean;
  /** For the whole call; null: no bound of our own. */
  readonly timeoutMs: number | null;
}

export interface CheckInvocation {
  readonly action: 'check';
  readonly selectors: readonly string[];
  readonly path: string | null;
  readonly nagios: boolean;
  readonly noMail: boolean;
}

export interface StatusInvocation {
  readonly action: 'status';
  readonly selectors: readonly string[];
  readonly watch: boolean;
}

export interface EventsInvocation {
  readonly action: 'events';
  readonly selectors: readonly string[];
  readonly open: boolean;
  /** As typed. */
  readonly since: string | null;
}

export interface MemInvocation {
  readonly action: 'mem';
  readonly selectors: readonly string[];
  readonly tree: boolean;
  readonly pss: boolean;
}

export interface PerfInvocation {
  readonly action: 'perf';
  readonly selectors: readonly string[];
}

export interface PurgeInvocation {
  readonly action: 'purge';
  readonly selectors: readonly string[];
  /** Paths and absolute URLs; none means whole caches. */
  readonly urls: readonly string[];
  /** Typed as `-a purge`: never asks. */
  readonly oldForm: boolean;
  readonly dryRun: boolean;
  readonly yes: boolean;
  /** `-r`. */
  readonly removeLock: boolean;
  readonly noMail: boolean;
}

export interface LogInvocation {
  readonly action: 'log' | 'log stats';
  readonly selectors: readonly string[];
  readonly flags: LogFlags;
}

export interface LogFlags {
  readonly pattern: string | null;
  readonly ignoreCase: boolean;
  readonly follow: boolean;
  readonly tail: number | null;
  readonly level: LogLevelName | null;
  readonly all: boolean;
  readonly archives: boolean;
  /** As typed. */
  readonly since: string | null;
  readonly until: string | null;
  readonly count: boolean;
  readonly context: number;
  readonly max: number | null;
}

export interface RollInvocation {
  readonly action: 'start' | 'restart' | 'stop';
  readonly selectors: readonly string[];
  readonly noMail: boolean;
  /** Typed as `-a ACTION`: never asks. */
  readonly oldForm: boolean;
  readonly dryRun: boolean;
  readonly yes: boolean;
  readonly force: boolean;
  readonly batch: string | null;
  readonly maxFail: number | null;
  readonly deadlineS: number | null;
  /** `-u`. */
  readonly path: string | null;
  readonly canary: number | null;
  readonly canaryWaitS: number | null;
  readonly minHealthyS: number | null;
  /** `-R`. */
  readonly rotate: boolean;
  /** `-P`. */
  readonly purge: boolean;
  /** `-r`. */
  readonly removeLock: boolean;
}

export interface MailInvocation {
  readonly action: 'mail status' | 'mail test';
}

export interface RepairInvocation {
  readonly action: 'repair';
  readonly selectors: readonly string[];
  /** `--explain`, `--dry-run`. */
  readonly explain: boolean;
  readonly removeLock: boolean;
  readonly noMail: boolean;
}

export interface RotateInvocation {
  readonly action: 'rotate';
  readonly selectors: readonly string[];
  readonly dryRun: boolean;
  readonly removeLock: boolean;
  readonly noMail: boolean;
}

export type BalancerInvocation =
  | { readonly action: 'balancer status' }
  | {
      readonly action: 'balancer out' | 'balancer in';
      readonly selectors: readonly string[];
      readonly force: boolean;
      readonly forS: number | null;
      readonly reason: string | null;
    };

export type OperationsInvocation =
  | { readonly action: 'operations list' }
  | { readonly action: 'operations show'; readonly id: string; readonly follow: boolean }
  | { readonly action: 'operations resume'; readonly id: string }
  | { readonly action: 'operations abort'; readonly id: string };

/** Asks the controller; the others of its kind work offline. */
export interface ConfigDiffInvocation {
  readonly action: 'config diff';
}

export type ConfigInvocation =
  | { readonly action: 'config check' }
  | { readonly action: 'config show'; readonly raw: boolean; readonly secrets: boolean }
  | { readonly action: 'config upgrade'; readonly secrets: boolean };

export interface LoginInvocation {
  readonly action: 'login';
  /** host:port. */
  readonly controller: string;
  readonly token: string;
  /** Of the authority. */
  readonly fingerprint: string;
}

export interface LockInvocation {
  readonly action: 'lock';
  readonly remove: boolean;
  readonly force: boolean;
}

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

export interface CompletionInvocation {
  readonly action: 'completion';
  readonly shell: Shell;
}

/** `words`: what stands after `ctl`, up to the cursor. */
export interface CompleteInvocation {
  readonly action: 'complete';
  readonly words: readonly string[];
}

/** Help or the version was asked for: print and end well. */
export interface Printed {
  readonly action: 'print';
  readonly text: string;
}
