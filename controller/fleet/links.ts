import { setMaxListeners } from 'node:events';
import { linkSignals, orAborted, reasonOf } from '../../shared/abort.js';
import { AppError, messageOf, toAppError } from '../../shared/errors.js';
import type { Log } from '../../shared/log.js';
import { type Caller, describeIdentity } from '../../shared/model/identity.js';
import type { TakeEvents } from '../../shared/model/agent-event.js';
import type { ServiceSpec } from '../../shared/model/service.js';
import type { WallClock } from '../../shared/ports/clock.js';
import { createRepeats, moreOf } from '../../shared/repeats.js';
import type { RpcService } from '../../shared/rpc/service.js';
import { type Command, type Part, PROTOCOL, type Report } from '../../shared/wire/link-messages.js';
import { createAgentProxy } from './agent-proxy.js';
import type { Fleet } from './fleet.js';
import { createIntake } from './intake.js';
import { agentLinkService } from './link-service.js';
import { createSession, lookAt, type Session } from './session.js';
import { createSkew, type Skew } from './skew.js';

/** The fleet over the links that the agents have dialled. */
export interface Links extends Fleet {
  /** To be added to the controller's server. */
  readonly service: RpcService;
  /** Ends all sessions; their calls reject with `unreachable`. */
  stop(): void;
}

export interface LinksOptions {
  readonly clock: WallClock;
  readonly log: Log;
  /** How often an agent must be heard of; three missed, and its session is over. */
  readonly heartbeatMs: number;
  /** Of this controller. */
  readonly version: string;
  readonly takeEvents: TakeEvents;
}

export function createLinks({ clock, log, heartbeatMs, version, takeEvents }: LinksOptions): Links {
  const hosts = new Map<string, Host>();
  const sessions = new Map<string, Session>();
  const refused = new Map<string, string>();
  const stopping = new AbortController();
  const repeats = createRepeats(clock, (others) => log.info({ others }, `${others} more lines of agents that send what nobody asked for`));
  // One for each agent.
  setMaxListeners(0, stopping.signal);

  return {
    agent: (host) =>
      createAgentProxy(
        async (request, options) => sessionOf(host, options.signal).call(request, options),
        (request, options) => sessionOf(host, options.signal).stream(request, options),
      ),
    hosts: () =>
      [...hosts].map(([host, { session, lastSeen, version: seen, skew }]) => ({
        host,
        connected: session !== undefined,
        lastSeen,
        version: seen,
        skewMs: skew.ms(),
      })),
    assign(host, services) {
      const entry = hostOf(host);
      entry.session?.assign(services);
      entry.services = services;
    },
    service: agentLinkService({
      session: serve,
      part: take,
      over: (part, caller) => ownSession(part, caller)?.breakOff(part.call),
    }),
    stop() {
      stopping.abort(new AppError('unreachable', 'the controller is stopping'));
      repeats.stop();
    },
  };

  /** One session from hello to its end. */
  async function* serve(reports: AsyncIterable<Report>, caller: Caller, signal: AbortSignal): AsyncGenerator<Command> {
    using linked = linkSignals([signal, stopping.signal]);
    const incoming = reports[Symbol.asyncIterator]();
    const who = caller.kind === 'local' ? 'an agent on this host' : nameOf(caller);
    const session = await greet(incoming, caller, linked.signal).catch((error: unknown) => {
      tellRefusal(who, error);
      throw error;
    });
    refused.delete(who);
    const { name } = session.hello;
    const entry = hostOf(name);
    const ended = (reason: AppError) => session.end(reason);
    const onAbort = () => {
      const { reason } = linked.signal as { readonly reason: unknown };
      ended(reason instanceof AppError ? reason : new AppError('unreachable', 'the connection broke'));
    };
    linked.signal.addEventListener('abort', onAbort, { once: true });
    const over = new AbortController();
    try {
      void listen(incoming, entry, session).then(ended, (error: unknown) => ended(toAppError(error, 'unreachable', 'the link broke')));
      void watch(entry, over.signal).then(ended, () => undefined);
      yield* session.commands;
    } finally {
      over.abort();
      linked.signal.removeEventListener('abort', onAbort);
      leave(session);
    }
  }

  /** Whoever is refused dials again and again: the same reason is told once. */
  function tellRefusal(who: string, error: unknown): void {
    const why = messageOf(error);
    if (refused.get(who) !== why) log.warn({ who, why }, `a session of ${who} was refused: ${why}`);
    refused.set(who, why);
  }

  async function greet(incoming: AsyncIterator<Report>, caller: Caller, signal: AbortSignal): Promise<Session> {
    using bound = linkSignals([signal], HELLO_MS, 'the hello of the agent');
    const first = await orAborted(incoming.next(), bound.signal);
    if (first.done === true || first.value.type !== 'hello') throw new AppError('usage', 'a session begins with hello');
    const hello = first.value;
    if (hello.name === '') throw new AppError('usage', 'an agent needs a name', { hint: 'set [agent] name in agent.ini' });
    if (!mayBe(caller, hello.name)) throw misnamed(caller, hello.name);
    if (hello.protocol !== PROTOCOL) throw wrongProtocol(hello.name, hello.version, hello.protocol, version);
    const entry = hostOf(hello.name);
    const old = entry.session;
    if (old !== undefined && old.hello.instance !== hello.instance) throw taken(hello.name);
    const session = createSession({ hello, heartbeatMs, version });
    // Before anybody can find the session: a command must never overtake the assignment.
    if (entry.services !== undefined) session.assign(entry.services);
    sessions.set(session.id, session);
    entry.session = session;
    entry.lastSeen = clock.now();
    entry.version = hello.version;
    entry.skew = createSkew();
    old?.end(new AppError('unreachable', 'the agent has dialled again'));
    log.info({ host: hello.name, agent: hello.version }, `agent ${hello.name} is connected`);
    return session;
  }

  async function listen(incoming: AsyncIterator<Report>, entry: Host, session: Session): Promise<AppError> {
    const isOwn = (service: string) => entry.services?.some(({ name }) => name === service) === true;
    const intake = createIntake({ takeEvents, isOwn, now: () => clock.wallTime(), log, repeats }, session);
    for (;;) {
      const next = await incoming.next();
      if (next.done === true) return new AppError('unreachable', 'the agent has left');
      entry.lastSeen = clock.now();
      const report = next.value;
      if (report.type === 'heartbeat') entry.skew.beat(report.at, clock.wallTime());
      // A long write must not hold up heartbeats.
      if (report.type === 'events') intake.take(report, entry.skew);
    }
  }

  /** Resolves when heartbeats have been missed. */
  async function watch(entry: Host, over: AbortSignal): Promise<AppError> {
    for (let suspended = false; ;) {
      const before = clock.now();
      const silent = before - (entry.lastSeen ?? before);
      const left = MISSED * heartbeatMs - silent;
      if (left <= 0 && !suspended) return new AppError('unreachable', `no heartbeat for ${seconds(silent)}`);
      const asked = left > 0 ? left : heartbeatMs;
      await clock.sleep(asked, over);
      // It was this process that slept (a suspended machine): what the agent sent meanwhile has not been read yet.
      suspended = clock.now() - before > asked + heartbeatMs;
    }
  }

  function leave(session: Session): void {
    sessions.delete(session.id);
    const { name } = session.hello;
    const entry = hostOf(name);
    session.end(new AppError('unreachable', 'the agent has left'));
    if (entry.session !== session) return;
    entry.session = undefined;
    log.warn({ host: name, why: session.ended()?.message }, `agent ${name} is not connected any more`);
  }

  function sessionOf(host: string, signal: AbortSignal): Session {
    if (signal.aborted) throw reasonOf(signal);
    const entry = hosts.get(host);
    if (entry?.session === undefined) throw notConnected(host, entry?.lastSeen ?? null);
    return entry.session;
  }

  /** An answer counts only from whoever was asked. */
  function ownSession(part: Part, caller: Caller): Session | undefined {
    const session = sessions.get(part.session);
    return session !== undefined && mayBe(caller, session.hello.name) ? session : undefined;
  }

  async function take(part: Part, caller: Caller): Promise<void> {
    const session = ownSession(part, caller);
    if ((await session?.settle(part)) === true) return;
    if (part.outcome.ok && 'item' in part.outcome) throw new AppError('cancelled', 'nobody reads the answer any more');
    // Late (the call was given up meanwhile), of an old session, or made up.
    const host = session?.hello.name;
    const call = part.call.slice(0, MAX_TOLD);
    repeats.tell(`${host ?? ''} ${call}`, (more) => log.info({ host, call }, `an answer that nobody waits for was ignored${moreOf(more)}`));
  }

  function hostOf(host: string): Host {
    const found = hosts.get(host) ?? { session: undefined, services: undefined, lastSeen: null, version: null, skew: createSkew() };
    hosts.set(host, found);
    return found;
  }

  function notConnected(host: string, lastSeen: number | null): AppError {
    const seen = lastSeen === null ? 'never seen' : `last seen ${seconds(clock.now() - lastSeen)} ago`;
    return new AppError('unreachable', `agent ${host} is not connected (${seen})`, { hint: lookAt(host) });
  }
}

interface Host {
  session: Session | undefined;
  services: readonly ServiceSpec[] | undefined;
  lastSeen: number | null;
  version: string | null;
  skew: Skew;
}

const HELLO_MS = 10_000;
const MISSED = 3;
/** Of what an agent makes up. */
const MAX_TOLD = 100;
const seconds = (ms: number) => `${Math.max(0, Math.round(ms / 1000))} s`;

/** Where there are certificates, they alone say which host it is. */
const mayBe = (caller: Caller, host: string): boolean => caller.kind === 'local' || (caller.kind === 'agent' && caller.name === host);

const misnamed = (caller: Caller, name: string): AppError =>
  new AppError('denied', `the certificate is of ${nameOf(caller)}, and agent.ini says ${name}`, {
    hint: '[agent] name in agent.ini must be the name that joined; else join again under that name',
  });

const nameOf = (caller: Caller): string => (caller.kind === 'local' || caller.kind === 'anonymous' ? 'nobody' : describeIdentity(caller));

function taken(name: string): AppError {
  return new AppError('conflict', `another agent is connected as ${name}`, {
    hint: `each host has one ctl-agent, and [agent] name in its agent.ini is its own; see "ctl-agent" on ${name} and on this host`,
  });
}

function wrongProtocol(name: string, agent: string, spoken: number, version: string): AppError {
  return new AppError('unsupported', `agent ${name} ${agent} speaks protocol ${spoken}, this controller ${version} speaks ${PROTOCOL}`, {
    hint: 'bring ctl-controller and ctl-agent to the same version',
  });
}
