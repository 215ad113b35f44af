import { randomUUID } from 'node:crypto';
import { linkSignals, orAborted, reasonOf } from '../../shared/abort.js';
import { AppError } from '../../shared/errors.js';
import type { CallOptions, EffectOptions, StreamOptions } from '../../shared/model/agent-api.js';
import type { ServiceSpec } from '../../shared/model/service.js';
import { MAX_MESSAGE_BYTES } from '../../shared/rpc/limits.js';
import { createOutbox } from '../../shared/rpc/outbox.js';
import { commandBytes } from '../../shared/wire/agent.js';
import {
  type AgentAnswer,
  type AgentCall,
  type AgentItem,
  type AgentRequest,
  type Command,
  type Hello,
  type Part,
  type StreamRequest,
  titleOf,
} from '../../shared/wire/link-messages.js';
import { createHandoff, type Handoff } from './handoff.js';

/** One connection of one agent: the commands that go down to it, and the calls that wait for their answers. */
export interface Session {
  readonly id: string;
  readonly hello: Hello;
  /** To be sent to the agent, in this order; ends when the session does. */
  readonly commands: AsyncIterable<Command>;
  assign(services: readonly ServiceSpec[]): void;
  /** These events of the agent are on our disk. */
  taken(ids: readonly string[]): void;
  /** Rejects with `timeout`, `cancelled`, `unreachable` (the session ended meanwhile), or what the agent answered. */
  call(request: AgentRequest, options: CallOptions | EffectOptions): Promise<AgentAnswer>;
  /** A call whose answer is a stream: each item is taken from the agent when it is asked for. Bounded by its signal and the session. */
  stream(request: StreamRequest, options: StreamOptions): AsyncIterable<AgentItem>;
  /** Resolves when the part has been taken; with false if nobody waits for it (any more). */
  settle(part: Part): Promise<boolean>;
  /** Nothing more comes for this call: if somebody still waits, he is told. */
  breakOff(call: string): void;
  /** Ends the session; calls that wait reject with `unreachable`. Only the first reason counts. */
  end(reason: AppError): void;
  /** Why it ended. */
  ended(): AppError | undefined;
}

export interface SessionOptions {
  readonly hello: Hello;
  readonly heartbeatMs: number;
  /** Of the controller. */
  readonly version: string;
}

export function createSession({ hello, heartbeatMs, version }: SessionOptions): Session {
  const id = randomUUID();
  const outbox = createOutbox<Command>();
  const waiting = new Map<string, Waiting>();
  const streams = new Map<string, Streaming>();
  const host = hello.name;
  let calls = 0;
  let ended: AppError | undefined;
  outbox.send({ type: 'welcome', session: id, heartbeatMs, version, takesEvents: true });

  return {
    id,
    hello,
    commands: outbox,
    assign: (services) => send({ type: 'assign', services, unreadable: [] }, `the services of ${host}`),
    taken: (ids) => outbox.send({ type: 'taken', ids }),
    async call(request, options) {
      if (options.signal.aborted) throw reasonOf(options.signal);
      const title = titleOf(request);
      const commandId = 'commandId' in options ? options.commandId : null;
      const call = ask({ timeoutMs: options.timeoutMs, commandId, request });
      const answered = new Promise<AgentAnswer>((resolve, reject) => waiting.set(call, { title, resolve, reject }));
      using linked = linkSignals([options.signal], options.timeoutMs, `${title} on ${host}`);
      try {
        return await orAborted(answered, linked.signal);
      } finally {
        waiting.delete(call);
        if (linked.signal.aborted) outbox.send({ type: 'cancel', call });
      }
    },
    async *stream(request, { signal }) {
      if (signal.aborted) throw reasonOf(signal);
      const title = titleOf(request);
      const call = ask({ timeoutMs: 0, commandId: null, request });
      const items = createHandoff<AgentItem>();
      streams.set(call, { title, items });
      const onAbort = () => items.end(reasonOf(signal));
      signal.addEventListener('abort', onAbort, { once: true });
      try {
        yield* items;
      } finally {
        signal.removeEventListener('abort', onAbort);
        // Still there: it was not the agent who ended it.
        if (streams.delete(call)) outbox.send({ type: 'cancel', call });
      }
    },
    async settle({ call, outcome }) {
      const stream = streams.get(call);
      if (stream !== undefined) return settleStream(call, stream.items, outcome);
      const found = waiting.get(call);
      if (!outcome.ok) found?.reject(outcome.error);
      else if ('answer' in outcome) found?.resolve(outcome.answer);
      return found !== undefined;
    },
    breakOff(call) {
      const stream = streams.get(call);
      streams.delete(call);
      stream?.items.end(new AppError('failed', `the agent ${host} broke off its answer to ${stream.title}`, { hint: lookAt(host) }));
    },
    end(reason) {
      if (ended !== undefined) return;
      ended = reason;
      outbox.end(reason);
      for (const { title, reject } of waiting.values()) reject(linkLost(host, title, reason));
      for (const { title, items } of streams.values()) items.end(linkLost(host, title, reason));
    },
    ended: () => ended,
  };

  /** Sends a call, and answers its id. */
  function ask(call: Omit<AgentCall, 'id'>): string {
    const title = titleOf(call.request);
    if (ended !== undefined) throw linkLost(host, title, ended);
    const callId = `${id}/${++calls}`;
    send({ type: 'call', call: { id: callId, ...call } }, `${title} on ${host}`);
    return callId;
  }

  async function settleStream(call: string, items: Handoff<AgentItem>, outcome: Part['outcome']): Promise<boolean> {
    if (outcome.ok && 'item' in outcome) return items.put(outcome.item);
    streams.delete(call);
    items.end(outcome.ok ? undefined : outcome.error);
    return true;
  }

  function send(command: Command, what: string): void {
    const bytes = commandBytes(command);
    // Sent all the same, it would end the session and every other call with it.
    if (bytes > MAX_MESSAGE_BYTES)
      throw new AppError('usage', `${what}: the message is too large (${bytes} bytes, at most ${MAX_MESSAGE_BYTES})`);
    outbox.send(command);
  }
}

interface Waiting {
  readonly title: string;
  readonly resolve: (answer: AgentAnswer) => void;
  readonly reject: (error: Error) => void;
}

interface Streaming {
  readonly title: string;
  readonly items: Handoff<AgentItem>;
}

function linkLost(host: string, title: string, cause: AppError): AppError {
  return new AppError('unreachable', `the link to the agent ${host} was lost during ${title}: ${cause.message}`, {
    cause,
    hint: lookAt(host),
  });
}

export const lookAt = (host: string): string => `is ctl-agent running on ${host}? Its log says why it is not connected`;
