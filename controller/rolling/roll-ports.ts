import type { Argv } from '../../shared/ports/exec.js';
import type { StepAction } from './decide-step.js';
import type { JournalEvent } from './events.js';
import type { ClientFacts, MemberFacts } from './facts.js';
import type { PurgeStep } from './plan.js';
import type { MemberProgress } from './progress.js';

/** The world, as the executor needs it. No call may take longer than its own bound; all reject with an AppError. */
export interface RollPorts {
  now(): number;
  sleep(ms: number, signal: AbortSignal): Promise<void>;
  /** On the disk when it resolves. */
  append(event: JournalEvent): Promise<void>;
  /** Every client of the cluster. Never rejects but by the signal: what could not be seen is `unknown`. */
  observeClients(signal: AbortSignal): Promise<ReadonlyMap<string, ClientFacts>>;
  /** What the member's step looks at. Never rejects but by the signal. `remainingMs` bounds a probe of a client that starts. */
  observeMember(member: MemberProgress, remainingMs: number, signal: AbortSignal): Promise<MemberFacts>;
  /** `id` names the effect: the same id is the same command; `remainingMs` bounds a start. Resolves with something to tell, or null. */
  perform(member: MemberProgress, effect: Effect, id: string, remainingMs: number, signal: AbortSignal): Promise<string | null>;
  takeOut(client: string, id: string, signal: AbortSignal): Promise<void>;
  /** Rotates the logs of a service; the same id is the same rotation. Resolves with what there is to tell, and why it failed. */
  rotate(service: string, id: string, signal: AbortSignal): Promise<Rotated>;
  /** Purges a cache, or pages of it; the same id is the same purge. */
  purge(purge: PurgeStep, id: string, signal: AbortSignal): Promise<Rotated>;
  /** Runs a command of the operator's; `member` null: for the whole roll. Rejects with what it said last. */
  hook(argv: Argv, member: string | null, signal: AbortSignal): Promise<void>;
  /** The last entry of a failed member's log; null if it cannot be had. */
  lastLogEntry(member: string, signal: AbortSignal): Promise<string | null>;
  /** A wait and its reason, each time one is decided on. */
  waiting(member: string | null, why: string): void;
}

/** The step's effect on the world; each can be carried out twice. */
export type Effect = Extract<StepAction, { do: 'set' | 'stop' | 'start' | 'warm' }>;

/** How a rotation or a purge ended. */
export interface Rotated {
  readonly notes: readonly string[];
  readonly error: string | null;
}
