import type { Argv } from '../../shared/ports/exec.js';
import type { Secret } from '../../shared/model/secret.js';
import type { ServiceSpec } from '../../shared/model/service.js';

/** cluster.ini, checked and typed: the only form in which the rest of the controller sees it. Times are in milliseconds, sizes in kB. */
export interface ClusterConfig {
  /** Real path of the file: the key of the lock. */
  readonly path: string;
  readonly services: ReadonlyMap<string, Service>;
  /** In the order of `[cluster] zeoclients`; management clients (listed under `frontend`) are not among them. */
  readonly clients: readonly Client[];
  /** In the order of `[cluster] frontend`. */
  readonly frontends: readonly Service[];
  readonly cluster: ClusterPolicy;
  readonly connect: ConnectConfig;
  readonly feedcache: { readonly urls: readonly string[]; readonly concurrency: number };
  readonly monitor: MonitorConfig;
  /** null: there are no `toaddrs`, so that no mail is sent. */
  readonly mail: MailConfig | null;
  readonly controller: ControllerConfig;
  /** Of this host, for embedded mode; null or absent: only services whose `service_manager` says so go to supervisor. */
  readonly supervisorSocket?: string | null;
  readonly lockFile: string;
  readonly logFile: string;
  /** Folder of the access times; null: they are not kept. */
  readonly perfDir: string | null;
  /** The ip is appended; null: not run. */
  readonly pingCommand: Argv | null;
}

export interface ClusterPolicy {
  readonly minActive: number;
  readonly maxFail: number;
  readonly batch: BatchSize;
  readonly hooks: RollHooks;
  /** A timed roll; null: none. */
  readonly restartAt: TimeOfDay | null;
}

/** Commands on the controller's host; a client's name is appended to those of a client. null: none. */
export interface RollHooks {
  readonly beforeRoll: Argv | null;
  readonly afterRoll: Argv | null;
  readonly beforeClient: Argv | null;
  readonly afterClient: Argv | null;
}

/** On the clock of the controller's host. */
export interface TimeOfDay {
  readonly hour: number;
  readonly minute: number;
  /** 1 is Monday; empty: every day. */
  readonly days: readonly number[];
}

export interface MonitorConfig {
  /** Between two rounds; 0: nothing is monitored. */
  readonly intervalMs: number;
  readonly action: 'check' | 'repair';
  /** Bad rounds until a service counts as critical, and good ones until it counts as well again. */
  readonly failures: number;
  readonly recoveries: number;
  readonly reminderMs: number;
  readonly maxMailsPerHour: number;
  /** Of one service. */
  readonly maxRepairsPerHour: number;
}

export interface MailConfig {
  readonly host: string;
  readonly port: number;
  readonly tls: 'none' | 'starttls' | 'tls';
  /** Certificates of who may vouch for the server; null: those that the system trusts. */
  readonly caFile: string | null;
  /** null: without authentication. */
  readonly login: { readonly user: string; readonly password: Secret<string> } | null;
  readonly from: string;
  readonly to: readonly string[];
  /** What each subject begins with; '' for nothing. */
  readonly subject: string;
}

/** `auto`: 1 where the balancer is told without a restart, the whole pool where each change restarts it. */
export type BatchSize =
  | { readonly kind: 'auto' }
  | { readonly kind: 'pool' }
  | { readonly kind: 'count'; readonly count: number }
  | { readonly kind: 'percent'; readonly percent: number };

export interface ConnectConfig {
  readonly login: string;
  readonly passwd: Secret<string>;
  readonly publicName: string;
  readonly entity: string;
}

export interface ControllerConfig {
  /** host:port, `[::1]:port` or `unix:/path`; null: embedded mode. */
  readonly address: string | null;
  readonly stateDir: string;
  readonly heartbeatMs: number;
}

export interface Service {
  readonly spec: ServiceSpec;
  /** `machine`: the name of the agent on its host. */
  readonly host: string;
  /** An HTTP check slower than this is critical event 5. */
  readonly timeoutMs: number;
  readonly startDeadlineMs: number;
  readonly stopDeadlineMs: number;
  /** 0: no limit. */
  readonly maxProcessSizeKb: number;
  /** `[command NAME]` of this file, for embedded mode. */
  readonly command: { readonly start: Argv; readonly stop: Argv | null; readonly user: string | null } | null;
  /** Of a balancer; null for other services. */
  readonly drain: DrainPolicy | null;
  /** Path that an HttpServer is asked for. */
  readonly url: string;
  /** Where its TCP and HTTP checks are made from: the controller, the host of the balancer, its own host. */
  readonly checkFrom: 'controller' | 'balancer' | 'host';
  /** Names of the services that must be up before it. */
  readonly depends: readonly string[];
  /** When its logs are rotated by themselves; without it never. */
  readonly schedule?: RotationSchedule | undefined;
}

export interface RotationSchedule {
  /** Each day, on the clock of the controller's host; null: at no time. */
  readonly at: { readonly hour: number; readonly minute: number } | null;
  /** 0: whatever the size. */
  readonly atBytes: number;
}

export interface DrainPolicy {
  readonly drainMs: number;
  readonly quietMs: number;
  /** Pause between two starts inside one batch. */
  readonly timeToSleepMs: number;
}

export interface Client extends Service {
  /** 0: never in the balancer. */
  readonly pool: number;
}

export const balancersOf = (config: ClusterConfig): Service[] => [...config.services.values()].filter((s) => s.spec.balancer !== undefined);
