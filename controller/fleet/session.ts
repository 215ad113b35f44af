import { randomUUID } from 'node:crypto';
import { linkSignals, orAborted, reasonOf } from '../../shared/abort.js';
import { AppError } from '../../shared/errors.js';
import type { CallOptions, EffectOptions } from '../../shared/model/agent-api.js';
import type { ServiceSpec } from '../../shared/model/service.js';
import { MAX_MESSAGE_BYTES } from '../../shared/rpc/limits.js';
import { createOutbox } from '../../shared/rpc/outbox.js';
import { commandBytes } from '../../shared/wire/agent.js';
import { type AgentAnswer, type AgentRequest, type Command, type Hello, type Part, titleOf } from '../../shared/wire/link-messages.js';

/** One connection of one agent: the commands that go down to it, and the calls that wait for their answers. */
export interface Session {
  readonly id: string;
  readonly hello: Hello;
  /** To be sent to the agent, in this order; ends when the session does. */
  readonly commands: AsyncIterable<Command>;
  assign(services: readonly ServiceSpec[]): void;
  /** Rejects with `timeout`, `cancelled`, `unreachable` (the session ended meanwhile), or what the agent answered. */
  call(request: AgentRequest, options: CallOptions | EffectOptions): Promise<AgentAnswer>;
  /** False: nobody waits for it (any more). */
  settle(part: Part): boolean;
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
  const host = hello.name;
  let calls = 0;
  let ended: AppError | undefined;
  outbox.send({ type: 'welcome', session: id, heartbeatMs, version });

  return {
    id,
    hello,
    commands: outbox,
    assign: (services) => send({ type: 'assign', services, unreadable: [] }, `the services of ${host}`),
    async call(request, options) {
      if (options.signal.aborted) throw reasonOf(options.signal);
      const call = `${id}/${++calls}`;
      const title = titleOf(request);
      const commandId = 'commandId' in options ? options.commandId : null;
      if (ended !== undefined) throw linkLost(host, title, ended);
      send({ type: 'call', call: { id: call, timeoutMs: options.timeoutMs, commandId, request } }, `${title} on ${host}`);
      const answered = new Promise<AgentAnswer>((resolve, reject) => waiting.set(call, { title, resolve, reject }));
      using linked = linkSignals([options.signal], options.timeoutMs, `${title} on ${host}`);
      try {
        return await orAborted(answered, linked.signal);
      } finally {
        waiting.delete(call);
        if (linked.signal.aborted) outbox.send({ type: 'cancel', call });
      }
    },
    settle({ call, outcome }) {
      const found = waiting.get(call);
      if (outcome.ok) found?.resolve(outcome.answer);
      else found?.reject(outcome.error);
      return found !== undefined;
    },
    end(reason) {
      if (ended !== undefined) return;
      ended = reason;
      outbox.end(reason);
      for (const { title, reject } of waiting.values()) reject(linkLost(host, title, reason));
    },
    ended: () => ended,
  };

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

function linkLost(host: string, title: string, cause: AppError): AppError {
  return new AppError('unreachable', `the link to the agent ${host} was lost during ${title}: ${cause.message}`, {
    cause,
    hint: lookAt(host),
  });
}

export const lookAt = (host: string): string => `is ctl-agent running on ${host}? Its log says why it is not connected`;
