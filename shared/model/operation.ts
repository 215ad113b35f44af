/** Steps of a member, in the order in which a full restart takes them; `rotate` takes its logs away before that, `purge` empties a cache after it, `back` puts a healthy one in again that could not be restarted. */
export const STEPS = ['out', 'drain', 'stop', 'start', 'check', 'warm', 'in', 'back', 'skip', 'fail', 'rotate', 'purge'] as const;
export type Step = (typeof STEPS)[number];

export const OUTCOMES = ['completed', 'halted', 'aborted', 'interrupted', 'refused'] as const;
export type OutcomeKind = (typeof OUTCOMES)[number];

export type OperationAction = 'start' | 'restart' | 'stop' | 'rotate' | 'purge' | 'repair';

export interface PlanStep {
  readonly step: Step;
  readonly service: string | null;
  readonly batch: number;
  readonly pool: number | null;
  readonly detail: string | null;
}

/** What an operator sees of an operation while it runs: a stream that can be followed from its beginning at any time. */
export type OperationEvent =
  | {
      readonly type: 'started';
      readonly operation: string;
      readonly action: OperationAction;
      readonly at: number;
      readonly plan: readonly PlanStep[];
    }
  | {
      readonly type: 'step';
      readonly operation: string;
      readonly service: string;
      readonly step: Step;
      readonly state: 'begin' | 'end';
      readonly at: number;
      /** Duration, at the end of a step. */
      readonly ms: number | null;
      readonly detail: string | null;
    }
  /** Something to tell that ends nothing: a wait and its reason, a warning, a resumption. */
  | { readonly type: 'note'; readonly operation: string; readonly service: string | null; readonly at: number; readonly message: string }
  | { readonly type: 'result'; readonly result: OperationResult };

export interface OperationResult {
  readonly operation: string;
  readonly action: OperationAction;
  readonly outcome: OutcomeKind;
  readonly exit: number;
  /** In which a controller was at it: not while it was away, or until somebody resumed it. */
  readonly seconds: number;
  /** Why it did not complete, and what to do next; null if it completed. */
  readonly why: string | null;
  readonly services: readonly MemberResult[];
}

export interface MemberResult {
  readonly name: string;
  readonly result: 'done' | 'failed' | 'untouched' | 'skipped';
  readonly why: string | null;
  /** The last log entry of a client that failed. */
  readonly lastLogEntry: string | null;
  /** Duration of each step that it took. */
  readonly stepsMs: Readonly<Partial<Record<Step, number>>>;
}

export interface OperationSummary {
  readonly id: string;
  readonly action: OperationAction;
  readonly state: 'running' | 'completed' | 'halted' | 'aborted' | 'interrupted';
  readonly started: number;
  readonly ended: number | null;
  /** Who asked for it, from where: `user@host`. */
  readonly by: string;
  readonly done: readonly string[];
  readonly failed: readonly string[];
  readonly untouched: readonly string[];
}
