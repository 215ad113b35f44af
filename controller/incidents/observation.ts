import type { AgentEvent } from '../../shared/model/agent-event.js';
import type { ServiceReport } from '../../shared/model/check-report.js';
import type { Incident } from '../../shared/model/incident.js';

/** What incidents are decided from. */
export type Observation =
  | {
      readonly type: 'round';
      readonly reports: readonly ServiceReport[];
      /** Services that a planned operation works on: what is seen of them says nothing. */
      readonly silent: ReadonlySet<string>;
      /** Every service of cluster.ini: trouble of others is nobody's any more. */
      readonly services: ReadonlySet<string>;
      /** Every host whose agent is not heard of; null: nobody has looked. */
      readonly dark: readonly DarkHost[] | null;
    }
  | {
      readonly type: 'agent';
      readonly host: string;
      /** Each once. */
      readonly events: readonly AgentEvent[];
      readonly silent: ReadonlySet<string>;
      readonly services: ReadonlySet<string>;
    }
  | { readonly type: 'trouble'; readonly trouble: Trouble }
  | { readonly type: 'settled'; readonly place: Place; readonly why: string }
  /** Something was done about the lasting trouble of a service. */
  | { readonly type: 'acted'; readonly service: string; readonly action: string };

/** A host whose agent is not heard of. */
export interface DarkHost {
  readonly host: string;
  /** For how long, as far as this controller knows. */
  readonly silentMs: number;
}

/** Where trouble is: there is never more than one incident at a place. */
export type Place = Pick<Incident, 'service' | 'host' | 'event' | 'kind'>;

/** What is found by other means than a check. */
export interface Trouble extends Place, Pick<Incident, 'message' | 'expected' | 'got' | 'logEntry'> {
  /** Whether it lasts until it is settled; what does not (a roll that was skipped) is over when it is told. */
  readonly lasting: boolean;
  readonly reason: string;
}

export interface IncidentPolicy {
  /** Bad rounds in a row until it counts: 1 for a check by hand. */
  readonly failures: number;
  /** Good ones in a row until it is over. */
  readonly recoveries: number;
  /** Rounds that a client may be busy until that counts as event 5. */
  readonly busyRounds: number;
}
