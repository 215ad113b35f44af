import type { Measured, Unmeasured } from './observation.js';
import type { ProcessId } from './process.js';
import type { ServiceType } from './service.js';
import type { Standing } from './balancer.js';

export const SERVICE_STATES = ['ok', 'critical', 'unknown', 'busy', 'stopped'] as const;
export type ServiceState = (typeof SERVICE_STATES)[number];

/** The critical events: 1 no TCP connection, 2 HTTP error, 3 memory over the limit, 4 critical log entry, 5 too slow. */
export type CriticalEvent = 1 | 2 | 3 | 4 | 5;

export const FINDING_KINDS = ['tcp', 'http', 'memory', 'log', 'timeout', 'unmeasured', 'zeo', 'ping'] as const;

export interface Finding {
  /** null: worth telling, but not critical (what could not be measured among them). */
  readonly event: CriticalEvent | null;
  readonly kind: (typeof FINDING_KINDS)[number];
  readonly message: string;
  readonly expected: string | null;
  readonly got: string | null;
}

export type TcpResult = Measured<{ readonly ms: number }>;
export type HttpResult =
  | { readonly ok: true; readonly status: number; readonly ms: number; readonly bytes: number }
  | { readonly ok: false; readonly why: string; readonly status?: number | undefined };
export type MemoryResult =
  | Unmeasured
  | {
      readonly ok: true;
      readonly rssKb: number;
      /** 0: no limit. */
      readonly limitKb: number;
      readonly process: ProcessId;
      readonly uptimeS: number;
      /** Over the last hours of this very process; null: there are too few samples of it. */
      readonly growthKbPerH: number | null;
    };
export type LogResult = Measured<{
  readonly since: string | null;
  readonly findings: number;
  /** Text of the last entry of all, for whoever is told of trouble; it is kept nowhere, and not sent. */
  readonly last?: string | undefined;
}>;

/** One service as it was last seen; null: does not apply to its type. */
export interface ServiceReport {
  readonly name: string;
  readonly type: ServiceType;
  readonly host: string;
  readonly pool: number | null;
  readonly state: ServiceState;
  readonly balancer: Standing;
  /** Epoch ms of the measurement; null: never measured. */
  readonly at: number | null;
  readonly tcp: TcpResult | null;
  readonly http: HttpResult | null;
  readonly memory: MemoryResult | null;
  readonly log: LogResult | null;
  readonly findings: readonly Finding[];
}

export interface CheckReport {
  readonly at: number;
  readonly exit: number;
  readonly services: readonly ServiceReport[];
  readonly warnings: readonly string[];
}
