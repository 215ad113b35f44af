import type { OutcomeKind, Step } from '../../shared/model/operation.js';
import type { ProcessId } from '../../shared/model/process.js';
import type { HookName, RollPlan } from './plan.js';

/** A line of the journal. Written and on the disk before what it announces is done. Times are epoch ms. */
export type JournalEvent =
  | { readonly type: 'started'; readonly at: number; readonly plan: RollPlan }
  /** A controller took the run into its hands: at its start, after a crash, or because an operator resumed it. */
  | {
      readonly type: 'attached';
      readonly at: number;
      readonly why: 'started' | 'restarted' | 'resumed' | 'aborting';
      readonly by?: string | undefined;
      /** Clients that are held out of the balancer by hand now, whatever the plan says. Older journals do not tell. */
      readonly held?: readonly string[] | undefined;
    }
  | { readonly type: 'taken-out'; readonly at: number; readonly client: string; readonly error: string | null }
  /** The logs of a service are rotated, before anything else is done. */
  | { readonly type: 'rotating'; readonly at: number; readonly service: string }
  | {
      readonly type: 'rotated';
      readonly at: number;
      readonly service: string;
      readonly error: string | null;
      readonly notes: readonly string[];
    }
  /** A cache is purged, after everything else was done. */
  | { readonly type: 'purging'; readonly at: number; readonly service: string }
  | {
      readonly type: 'purged';
      readonly at: number;
      readonly service: string;
      readonly error: string | null;
      readonly notes: readonly string[];
    }
  | {
      readonly type: 'entered';
      readonly at: number;
      readonly member: string;
      readonly step: Step;
      readonly detail?: string | undefined;
      /** At `stop`: the process that is to be replaced. */
      readonly replacing?: ProcessId | 'none' | undefined;
      /** At its first step: it stood outside of the balancer already. */
      readonly outside?: true | undefined;
    }
  /** `untouched`: it was put back before anything happened to it. `skipped`: nothing had to be done any more. */
  | {
      readonly type: 'settled';
      readonly at: number;
      readonly member: string;
      readonly result: 'done' | 'failed' | 'untouched' | 'skipped';
      readonly why?: string | undefined;
      readonly lastLogEntry?: string | undefined;
    }
  | { readonly type: 'noted'; readonly at: number; readonly member: string | null; readonly message: string }
  | { readonly type: 'halting'; readonly at: number; readonly how: 'interrupted' | 'aborted'; readonly by?: string | undefined }
  /** A command of the operator's. `begin` without `end`: it was under way when the controller went away. */
  | {
      readonly type: 'hook';
      readonly at: number;
      readonly hook: HookName;
      readonly member: string | null;
      readonly state: 'begin' | 'end';
      readonly error: string | null;
    }
  /** The canaries are well: the rest may go. `by` null: their time is over. */
  | { readonly type: 'continued'; readonly at: number; readonly by: string | null }
  | { readonly type: 'finished'; readonly at: number; readonly outcome: Exclude<OutcomeKind, 'refused'>; readonly why: string | null };
