import { AppError, toAppError } from '../../shared/errors.js';
import type { Log } from '../../shared/log.js';
import type { WallClock } from '../../shared/ports/clock.js';
import { createOutbox, type Outbox } from '../../shared/rpc/outbox.js';
import {
  type AgentCall,
  type Answered,
  type Command,
  type Hello,
  isStream,
  type Report,
  titleOf,
} from '../../shared/wire/link-messages.js';
import type { Calls } from './calls.js';
import type { ControllerClient } from './controller-client.js';
import { createTelling, type EventSource, type Telling } from './telling.js';

export interface SessionDeps {
  readonly controller: Pick<ControllerClient, 'session' | 'reply' | 'replyAll'>;
  readonly calls: Calls;
  /** What is told unasked; null: nothing. */
  readonly events: EventSource | null;
  readonly clock: WallClock;
  readonly log: Log;
}

export interface SessionOptions {
  readonly hello: Hello;
  /** How long the controller may take to welcome. */
  readonly welcomeMs: number;
  readonly onWelcome: () => void;
}

/** One session from hello to its end, which is always an error: the controller refused, is gone, or `signal` aborted. */
export async function runSession(deps: SessionDeps, { hello, welcomeMs, onWelcome }: SessionOptions, signal: AbortSignal): Promise<never> {
  const { controller, calls, events, clock, log } = deps;
  const reports = createOutbox<Report>();
  const ending = new AbortController();
  const end = () => ending.abort(signal.reason);
  signal.addEventListener('abort', end, { once: true });
  const welcomed = new AbortController();
  clock.sleep(welcomeMs, welcomed.signal).then(
    () => ending.abort(new AppError('timeout', `the controller did not welcome this agent within ${welcomeMs} ms`)),
    () => undefined,
  );
  let reply: Reply | undefined;
  let telling: Telling | null = null;
  try {
    reports.send(hello);
    for await (const command of controller.session(reports, ending.signal)) {
      if (command.type === 'welcome') {
        reply = createReply(command.session, controller, ending.signal);
        welcomed.abort();
        calls.welcome(command.version);
        void beat(reports, clock, command.heartbeatMs, ending.signal);
        if (events !== null && command.takesEvents) telling = createTelling({ events, reports, log }, ending.signal);
        onWelcome();
      } else if (reply === undefined) {
        throw new AppError('failed', `the controller sent ${command.type} before its welcome`);
      } else if (command.type === 'taken') {
        telling?.taken(command.ids);
      } else {
        obey(command, reply, deps);
      }
    }
    throw new AppError('unreachable', 'the controller ended the session');
  } finally {
    welcomed.abort();
    ending.abort();
    signal.removeEventListener('abort', end);
    reports.end();
    calls.leave();
  }
}

/** Until the session ends. */
async function beat(reports: Outbox<Report>, clock: WallClock, heartbeatMs: number, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    reports.send({ type: 'heartbeat', at: clock.wallTime() });
    await clock.sleep(heartbeatMs, signal).catch(() => undefined);
  }
}

function obey(command: Exclude<Command, { type: 'welcome' | 'taken' }>, reply: Reply, deps: SessionDeps): void {
  const { calls, log } = deps;
  switch (command.type) {
    case 'assign':
      calls.assign(command.services, command.unreadable);
      break;
    case 'call':
      if (isStream(command.call.request)) void reply.stream(command.call, deps);
      else void answer(command.call, reply, deps);
      break;
    case 'cancel':
      calls.cancel(command.call);
      break;
    case 'unknown':
      log.warn('the controller sent a command that this version does not know');
  }
}

/** Answers of one session. */
interface Reply {
  /** Resolves with the reason for which the answer did not reach the controller. */
  send(call: string, outcome: Answered): Promise<AppError | undefined>;
  /** An answer that is a stream, to its end; one that cannot be sent any more is not worked on. */
  stream(call: AgentCall, deps: SessionDeps): Promise<void>;
}

function createReply(session: string, controller: SessionDeps['controller'], over: AbortSignal): Reply {
  return {
    async send(call, outcome) {
      if (over.aborted) return new AppError('unreachable', 'the session in which it was asked is over');
      try {
        await controller.reply({ session, call, outcome });
        return undefined;
      } catch (error) {
        return toAppError(error, 'failed', 'reply');
      }
    },
    async stream(call, { calls, log }) {
      try {
        await controller.replyAll(parts(call, calls), over);
      } catch (error) {
        calls.cancel(call.id);
        log.info({ error, call: titleOf(call.request) }, `the answer to ${titleOf(call.request)} was broken off`);
      }
    },
  };

  async function* parts(call: AgentCall, calls: Calls) {
    for await (const outcome of calls.stream(call)) yield { session, call: call.id, outcome };
  }
}

async function answer(call: AgentCall, reply: Reply, { calls, log }: SessionDeps): Promise<void> {
  const outcome = await calls.carryOut(call);
  if (outcome === null) return;
  const title = titleOf(call.request);
  let error = await reply.send(call.id, outcome);
  if (error?.code === 'failed' && outcome.ok) {
    // The answer itself was refused (too large): the caller must not wait for it until his deadline.
    error = await reply.send(call.id, {
      ok: false,
      error: new AppError('failed', `the answer to ${title} could not be sent: ${error.message}`),
    });
  }
  // Gone with the session, which the controller sees by itself; of a change it asks again with the same command id.
  if (error !== undefined) log.info({ error, call: title }, `the answer to ${title} did not reach the controller`);
}
