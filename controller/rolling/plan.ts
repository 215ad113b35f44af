import type { CachedPage } from '../../shared/model/cache.js';
import type { OperationAction, PlanStep, Step } from '../../shared/model/operation.js';
import type { RepairDecision } from '../../shared/model/repair.js';
import type { RollHooks } from '../config/cluster.js';

/** What an operation is going to do; written to the journal first, so that a resumed run follows the plan that was agreed to. */
export interface RollPlan {
  readonly id: string;
  readonly action: OperationAction;
  readonly by: string;
  readonly at: number;
  /** One after the other; the members of one batch go at once. */
  readonly batches: readonly PlannedBatch[];
  /** Dead clients, taken out of the balancer before the first batch. */
  readonly takeOut: readonly string[];
  /** Services whose logs are rotated before anything else, and what is known of how. */
  readonly rotate?: readonly RotationStep[];
  /** Caches that are purged when all else is done: before, old clients would fill them again. */
  readonly purge?: readonly PurgeStep[];
  readonly policy: RollPolicy;
  readonly warnings: readonly string[];
  /** Commands of the operator's; without those that there are none of. */
  readonly hooks?: Readonly<Partial<Record<HookName, HookCommand>>>;
  /** Of a repair: what was decided for every service that was looked at. */
  readonly decisions?: readonly RepairDecision[];
}

/** A program and its arguments. */
export type HookCommand = NonNullable<RollHooks['beforeRoll']>;
export type HookName = 'before_roll' | 'after_roll' | 'before_client' | 'after_client';

export interface RotationStep {
  readonly service: string;
  /** A line a log. */
  readonly details: readonly string[];
}

export interface PurgeStep {
  readonly service: string;
  /** Without any the whole cache. */
  readonly pages: readonly CachedPage[];
  readonly details: readonly string[];
  /** For how long it answers nobody, at most; null: it goes on answering. */
  readonly awayS: number | null;
}

export interface PlannedBatch {
  /** null: not a pool of clients but the services that they stand on. */
  readonly pool: number | null;
  readonly members: readonly PlannedMember[];
  /** Its members go in at the same time: each change of the balancer restarts it. */
  readonly together?: boolean;
}

export interface PlannedMember {
  readonly name: string;
  readonly steps: readonly Step[];
  readonly timing: MemberTiming;
  /** Taken out of the balancer by hand: it stays out, also when it is put back. */
  readonly held?: boolean;
  /** Page that it has to answer well after its start; without it its home page. */
  readonly path?: string;
  /** Of a repair: what is looked at again before it is touched. */
  readonly repair?: RepairCondition;
}

export interface RepairCondition {
  /** It is left alone if it answers well by then. */
  readonly unlessWell: boolean;
  /** Members that it stands on: once they answer, it gets time to recover. */
  readonly after: readonly string[];
}

export interface MemberTiming {
  readonly drainMs: number;
  readonly quietMs: number;
  readonly timeToSleepMs: number;
  readonly startDeadlineMs: number;
  readonly stopDeadlineMs: number;
}

export interface RollPolicy {
  readonly minActive: number;
  /** False: clients are taken out whatever stays in (forced, a single client, no balancer, a stop). */
  readonly guarded: boolean;
  readonly maxFail: number;
  readonly deadlineMs: number | null;
  /** After so many clients the run waits, until it is told to go on or, unless null, for `waitMs`. */
  readonly canary?: { readonly clients: number; readonly waitMs: number | null };
  /** A client has to stay healthy for so long before the next one leaves. */
  readonly minHealthyMs?: number;
}

/** The plan as a person reads it: one line a step. */
export function planSteps(plan: RollPlan): PlanStep[] {
  const takeOut: PlanStep[] = plan.takeOut.map((service) => ({ step: 'out', service, batch: 0, pool: null, detail: 'it is dead' }));
  const steps = plan.batches.flatMap((batch, index) =>
    batch.members.flatMap((member) =>
      member.steps.map((step): PlanStep => ({
        step,
        service: member.name,
        batch: index + 1,
        pool: batch.pool,
        detail: detailOf(step, member.timing),
      })),
    ),
  );
  const rotate = (plan.rotate ?? []).flatMap(({ service, details }) =>
    (details.length === 0 ? [null] : details).map((detail): PlanStep => ({ step: 'rotate', service, batch: 0, pool: null, detail })),
  );
  const last = plan.batches.length + 1;
  const purge = (plan.purge ?? []).flatMap(({ service, details }) =>
    details.map((detail): PlanStep => ({ step: 'purge', service, batch: last, pool: null, detail })),
  );
  return [...rotate, ...takeOut, ...steps, ...purge];
}

function detailOf(step: Step, timing: MemberTiming): string | null {
  switch (step) {
    case 'drain':
      return `at most ${timing.drainMs / 1000} s`;
    case 'stop':
      return `killed after ${timing.stopDeadlineMs / 1000} s`;
    case 'check':
      return `at most ${timing.startDeadlineMs / 1000} s`;
    default:
      return null;
  }
}
