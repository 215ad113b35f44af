import type { AgentApi, BackendOrder, StopOrder } from '../model/agent-api.js';
import type { AppError } from '../errors.js';
import type { PurgeOrder } from '../model/cache.js';
import type { MemoryQuery } from '../model/memory.js';
import type { ProbeOrder } from '../model/probe.js';
import type { AgentEvent } from '../model/agent-event.js';
import type { LogPart, LogQuery } from '../model/log-search.js';
import type { ServiceSpec } from '../model/service.js';

/** Raised only when the meaning of an existing field changes; additions need no new number. */
export const PROTOCOL = 1;

/** Agent to controller. */
export type Report =
  | Hello
  | { readonly type: 'heartbeat'; readonly at: number }
  /** `unreadable`: ids of those that this version does not know how to read. */
  | { readonly type: 'events'; readonly events: readonly AgentEvent[]; readonly unreadable: readonly string[] }
  | Unknown;

export interface Hello {
  readonly type: 'hello';
  /** The host, as `machine` in cluster.ini. */
  readonly name: string;
  readonly version: string;
  readonly protocol: number;
  /** Chosen anew by each process of the agent. */
  readonly instance: string;
}

/** Controller to agent. */
export type Command =
  | Welcome
  | { readonly type: 'assign'; readonly services: readonly ServiceSpec[]; readonly unreadable: readonly UnreadableService[] }
  | { readonly type: 'call'; readonly call: AgentCall }
  | { readonly type: 'cancel'; readonly call: string }
  | { readonly type: 'taken'; readonly ids: readonly string[] }
  | Unknown;

export interface Welcome {
  readonly type: 'welcome';
  readonly session: string;
  readonly heartbeatMs: number;
  readonly version: string;
  /** False: a controller of an earlier version, which would never say that it has them. */
  readonly takesEvents: boolean;
}

/** Sent by a later version; whoever reads it passes over it. */
export interface Unknown {
  readonly type: 'unknown';
}

/** A service that the controller assigned in terms that this agent does not know. */
export interface UnreadableService {
  readonly name: string;
  readonly why: string;
}

export interface AgentCall {
  readonly id: string;
  readonly timeoutMs: number;
  /** Of a call that changes something. */
  readonly commandId: string | null;
  readonly request: AgentRequest | StreamRequest | { readonly verb: 'unknown'; readonly why: string };
}

/** Verbs whose answer is a stream. */
export type StreamVerb = 'search';
export type Verb = Exclude<keyof AgentApi, StreamVerb>;

/** A call of AgentApi as data; `service` is the name in cluster.ini, of a balancer too. */
export type AgentRequest =
  | { readonly verb: 'ping' }
  | {
      readonly verb: 'process' | 'connections' | 'log' | 'start' | 'balancer' | 'rotation' | 'rotate' | 'purgePlan';
      readonly service: string;
    }
  | { readonly verb: 'observe'; readonly service: string; readonly log: boolean }
  | { readonly verb: 'memories'; readonly services: readonly string[]; readonly query: MemoryQuery }
  | { readonly verb: 'purge'; readonly service: string; readonly order: PurgeOrder }
  | { readonly verb: 'probe'; readonly order: ProbeOrder }
  | { readonly verb: 'stop'; readonly service: string; readonly order: StopOrder }
  | { readonly verb: 'setBackend'; readonly service: string; readonly order: BackendOrder };

export type StreamRequest = { readonly verb: 'search'; readonly service: string; readonly query: LogQuery };
export const isStream = (request: AgentCall['request']): request is StreamRequest => request.verb === 'search';

/** Whether the verb changes something, so that its calls carry a command id. */
export const isEffect = (verb: Verb): boolean => EFFECTS.includes(verb);
const EFFECTS: readonly Verb[] = ['start', 'stop', 'setBackend', 'rotate', 'purge'];

/** For logs and messages: `stop of zeoclient1.1`. */
export const titleOf = (request: AgentCall['request']): string =>
  'service' in request ? `${request.verb} of ${request.service}` : request.verb;

export type ValueOf<V extends Verb> = Awaited<ReturnType<AgentApi[V]>>;
export type AgentAnswer = { [V in Verb]: { readonly verb: V; readonly value: ValueOf<V> } }[Verb];

export type AgentItem = { readonly verb: 'search'; readonly value: LogPart };

/** One part of the answer to a call; of a stream each item is one, and its end. */
export interface Part {
  readonly session: string;
  readonly call: string;
  readonly outcome: Answered | Streamed;
}

export type Answered = { readonly ok: true; readonly answer: AgentAnswer } | Failed;
export type Streamed = { readonly ok: true; readonly item: AgentItem } | { readonly ok: true; readonly end: true } | Failed;

interface Failed {
  readonly ok: false;
  readonly error: AppError;
}
