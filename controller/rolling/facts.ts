import type { AppError } from '../../shared/errors.js';
import type { Connection } from '../../shared/model/agent-api.js';
import type { Standing } from '../../shared/model/balancer.js';
import type { Measured } from '../../shared/model/observation.js';
import type { ProcessState } from '../../shared/model/process.js';

/** One client as it was seen just now. `unknown` never counts as good, and never as dead. */
export interface ClientFacts {
  readonly standing: Standing;
  /** `passing`: it answered by HTTP in time; `down`: nobody listens; `failing`: it answers badly or late. */
  readonly health: 'passing' | 'failing' | 'down' | 'unknown';
  /** The standing is unknown although every balancer has answered. */
  readonly drift?: boolean;
}

/** What was seen of the member in hand; only what its step looks at is measured. */
export interface MemberFacts {
  readonly standing: Standing;
  /** The standing is unknown because a balancer's file and its running state differ: telling it again mends that. */
  readonly drift: boolean;
  /** How long a backend that is let in again can look dead to the balancer. */
  readonly aliveIntervalMs: number;
  /** Requests under way to it by the count of all balancers that hold it; null: one of them does not count, or did not say. */
  readonly inFlight: number | null;
  readonly connections: Measured<{ readonly connections: readonly Connection[] }>;
  readonly process: ProcessState;
  readonly health: { readonly ok: true } | { readonly ok: false; readonly why: string };
  /** Why an agent that was needed did not answer; null if all did. */
  readonly away: string | null;
}

/** What the executor remembers of the step in hand. */
export interface Attempts {
  /** How often the step's effect has been carried out without an error since the step began. */
  readonly done: number;
  /** When it was last, epoch ms; not set before. */
  readonly doneAt?: number | undefined;
  /** The error of the latest try. */
  readonly error: AppError | null;
}

export const isServing = (facts: ClientFacts | undefined): boolean => facts?.standing === 'in' && facts.health === 'passing';

/** How many clients can be taken out so that `minActive` of those that serve stay in. */
export function affordable(clients: Iterable<ClientFacts>, minActive: number): number {
  let serving = 0;
  for (const facts of clients) if (isServing(facts)) serving++;
  return serving - minActive;
}
