import type { RotationSpec } from './rotation.js';

/** Balancers: the type of their section in cluster.ini, and their kind. */
export const BALANCER_KINDS = { Pound: 'pound', HAProxy: 'haproxy' } as const;
export type BalancerType = keyof typeof BALANCER_KINDS;
export const BALANCER_TYPES = Object.keys(BALANCER_KINDS) as readonly BalancerType[];

/** Section types of cluster.ini that describe a service: what the file takes, the wire carries, and `--json` shows. */
export const SERVICE_TYPES = ['ZeoClient', 'ZeoServer', 'TCPServer', 'HttpServer', 'Squid', ...BALANCER_TYPES, 'Varnish'] as const;
export type ServiceType = (typeof SERVICE_TYPES)[number];

/** What `service_manager` can be: what the file takes, and the wire carries. */
export const SERVICE_MANAGERS = ['systemd', 'supervisor', 'windows', 'command'] as const;
export type ServiceManagerKind = (typeof SERVICE_MANAGERS)[number];

/** What an agent needs to know of one service on its host; sent by the controller, checked against agent.ini before use. */
export interface ServiceSpec {
  /** Section name in cluster.ini: how everybody refers to it. */
  readonly name: string;
  readonly type: ServiceType;
  /** What its manager calls it (a unit, a program, a `[command …]` section). Never guessed; '' if the file has none. */
  readonly serviceName: string;
  readonly manager: ServiceManagerKind | 'auto';
  readonly ip: string;
  readonly port: number;
  readonly pidFile?: string | undefined;
  readonly log?: LogSpec | undefined;
  readonly balancer?: BalancerSpec | undefined;
  /** Of a proxy cache. */
  readonly cache?: CacheSpec | undefined;
  /** Without it nothing of the service is rotated. */
  readonly rotation?: RotationSpec | undefined;
}

export interface LogSpec {
  readonly file: string;
  /** Regular expressions (JavaScript syntax, matched per line); '' matches nothing. */
  readonly readyPattern: string;
  readonly criticalPattern: string;
  readonly ignorePattern: string;
}

/** How a proxy cache is purged; '' for what the file does not say. */
export type CacheSpec =
  | { readonly kind: 'squid'; readonly folder: string; readonly exe: string; readonly conf: string }
  /** `admin`: host:port of the management port. */
  | { readonly kind: 'varnish'; readonly admin: string; readonly secretFile: string };

export interface BalancerSpec {
  readonly kind: (typeof BALANCER_KINDS)[BalancerType];
  /** The configuration file that holds the state of each backend; '' if it is kept in none. */
  readonly conf: string;
  /** The control socket; '' if the balancer has none. */
  readonly control: string;
  readonly exe: string;
  readonly apply: 'auto' | 'control' | 'restart';
  /** Sticky sessions of a backend that goes out: wait for them to expire, or delete them. */
  readonly sessions: 'wait' | 'delete';
  /** HAProxy: the backend sections that hold the clients. */
  readonly backends?: readonly string[] | undefined;
}

export const addressOf = (service: { readonly ip: string; readonly port: number }): string =>
  service.ip.includes(':') ? `[${service.ip}]:${service.port}` : `${service.ip}:${service.port}`;
