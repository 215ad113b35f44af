import { linkSignals, orAborted, reasonOf, throwIfAborted } from '../../../shared/abort.js';
import { AppError } from '../../../shared/errors.js';
import type { AgentApi, CallOptions, EffectOptions } from '../../../shared/model/agent-api.js';
import type { FoundEntry, LogPart, LogQuery } from '../../../shared/model/log-search.js';
import type { PurgeResult } from '../../../shared/model/cache.js';
import type { ChildMemory, MemoryQuery, ServiceMemory } from '../../../shared/model/memory.js';
import type { ProbeOrder, ProbeOutcome } from '../../../shared/model/probe.js';
import { processId } from '../../../shared/model/process.js';
import type { RotationPlan, RotationResult } from '../../../shared/model/rotation.js';
import type { ServiceSpec } from '../../../shared/model/service.js';
import type { Verb } from '../../../shared/wire/link-messages.js';
import type { LinkedAgent } from '../../../agent/link/link.js';

/** What an agent keeps on its disk: the results of what it changed, by command id. */
export type Ledger = Map<string, Promise<unknown>>;

/** An agent in memory that keeps to the contract of AgentApi, for the host web1. */
export interface FakeAgent {
  readonly api: LinkedAgent;
  /** What really was done, in order. */
  readonly performed: string[];
  /** The services that were assigned last. */
  services: readonly ServiceSpec[];
  /** Answers of single verbs, instead of the usual ones. */
  answers: Partial<{ [V in Verb]: () => ReturnType<AgentApi[V]> }>;
  /** What `search` answers. */
  parts: (query: LogQuery, signal: AbortSignal) => AsyncIterable<LogPart>;
  /** Parts of searches that have been asked for. */
  taken: number;
  /** Calls of this verb do not answer until `release`; resolves with the signal of the first one. */
  hold(verb: keyof AgentApi): Promise<AbortSignal>;
  release(): void;
}

export const STARTED_AT = Date.UTC(2024, 8, 25, 14, 47, 17);

export function createFakeAgent(ledger: Ledger = new Map()): FakeAgent {
  const held = new Map<string, (signal: AbortSignal) => void>();
  let gate = latch();
  const fake: FakeAgent = {
    performed: [],
    services: [],
    answers: {},
    taken: 0,
    async *parts() {
      yield aSummary;
    },
    hold: (verb) => new Promise((resolve) => held.set(verb, resolve)),
    release() {
      held.clear();
      gate.open();
      gate = latch();
    },
    api: {
      assign(services) {
        fake.services = services;
      },
      ping: (options) => read<'ping'>('ping', options, async () => ({ name: 'web1', version: '1.2.3', at: STARTED_AT })),
      process: (service, options) =>
        read<'process'>('process', options, async () => {
          find(service);
          return { state: 'running', process: processId(42, 777), startedAt: STARTED_AT };
        }),
      observe: (service, query, options) =>
        read<'observe'>('observe', options, async () => {
          find(service);
          const process = processId(42, 777);
          const entry = { time: null, level: null, text: 'Ready' };
          return {
            process: { state: 'running', process, startedAt: STARTED_AT },
            memory: { ok: true, process, rssKb: 626_688, uptimeS: 12.5 },
            log: query.log ? { ok: true, since: null, findings: 0, entries: [], last: entry } : null,
          };
        }),
      connections: (service, options) =>
        read<'connections'>('connections', options, async () => {
          find(service);
          return { ok: true, connections: [{ peer: '127.0.0.1:5000', silentMs: null, pending: true }] };
        }),
      log: (service, options) =>
        read<'log'>('log', options, async () => {
          find(service);
          const entry = { time: '2024-09-25 16:47:17,760', level: null, text: 'Käse\n  at line 1' };
          return { ok: true, since: null, findings: 1, entries: [entry], last: entry };
        }),
      async *search(service, query, { signal }) {
        find(service);
        throwIfAborted(signal);
        held.get('search')?.(signal);
        for await (const part of fake.parts(query, signal)) {
          fake.taken += 1;
          yield part;
        }
        throwIfAborted(signal);
      },
      balancer: (service, options) => read<'balancer'>('balancer', options, async () => ({ ...aBalancer, name: find(service) })),
      start: (service, options) =>
        change<'start'>('start', service, options, async () => ({ state: 'starting', why: `${service} has been asked to start` })),
      stop: (service, { replacing, deadlineMs }, options) =>
        change<'stop'>('stop', `${service} ${replacing} ${deadlineMs}`, options, async () => ({ how: 'killed', ms: 1234.5 })),
      setBackend: (balancer, { address, wanted }, options) =>
        change<'setBackend'>('setBackend', `${balancer} ${address} ${wanted}`, options, async () => undefined),
      rotation: (service, options) =>
        read<'rotation'>('rotation', options, async () => {
          find(service);
          return aRotationPlan;
        }),
      rotate: (service, options) => change<'rotate'>('rotate', service, options, async () => aRotationResult),
      memories: (services, query, options) =>
        read<'memories'>('memories', options, async () => services.map((service) => someMemory(service, query))),
      purgePlan: (service, options) =>
        read<'purgePlan'>('purgePlan', options, async () => {
          find(service);
          return { details: ['stop, start'], awayS: 34.5 };
        }),
      purge: (service, { pages }, options) =>
        change<'purge'>('purge', `${service} ${pages.map(({ path }) => path).join(' ')}`.trim(), options, async () => aPurgeResult),
      probe: (order, options) => read<'probe'>('probe', options, async () => aProbeOf(order)),
    },
  };
  return fake;

  async function read<V extends Verb>(verb: V, options: CallOptions, usual: () => Promise<Answer<V>>): Promise<Answer<V>> {
    using linked = linkSignals([options.signal], options.timeoutMs, verb);
    held.get(verb)?.(linked.signal);
    if (held.has(verb)) await orAborted(gate.opened, linked.signal);
    return await ((fake.answers[verb] as typeof usual | undefined) ?? usual)();
  }

  /** The first call with a command id does it; every one with the same id gets the result of that, also while it still goes on. */
  async function change<V extends 'start' | 'stop' | 'setBackend' | 'rotate' | 'purge'>(
    verb: V,
    what: string,
    options: EffectOptions,
    usual: () => Promise<Answer<V>>,
  ): Promise<Answer<V>> {
    if (options.signal.aborted) throw reasonOf(options.signal);
    find(what.split(' ')[0] ?? '');
    const known = ledger.get(options.commandId);
    const result = known ?? read(verb, options, usual);
    if (known === undefined) {
      fake.performed.push(`${verb} ${what}`);
      ledger.set(options.commandId, result);
    }
    using linked = linkSignals([options.signal], options.timeoutMs, verb);
    return (await orAborted(result, linked.signal)) as Answer<V>;
  }

  function find(service: string): string {
    if (fake.services.some(({ name }) => name === service)) return service;
    throw new AppError('not-found', `no service ${service} was assigned to web1`, { hint: 'see machine = in cluster.ini' });
  }
}

type Answer<V extends Verb> = Awaited<ReturnType<AgentApi[V]>>;

function someMemory(service: string, { tree, pss }: MemoryQuery): ServiceMemory {
  if (service === 'pound') return { service, ok: false, why: 'exit code 1', down: true };
  const child: ChildMemory = { process: processId(43, 778), parent: 42, command: 'python3', rss: { ok: true, kb: 9 }, pss: null };
  const shared = { ok: false, why: 'not as this user' } as const;
  return {
    ...{ service, ok: true, process: processId(42, 777), rssKb: 626_688, uptimeS: 12.5 },
    pss: pss ? shared : null,
    tree: tree ? { ok: true, children: [{ ...child, pss: pss ? { ok: true, kb: 7 } : null }] } : null,
  };
}

export const aPurgeResult: PurgeResult = {
  pages: [
    { page: { host: 'www.example.org', path: '/a' }, outcome: 'removed', status: 200, why: null },
    { page: { host: 'www.example.org', path: '/b' }, outcome: 'failed', status: null, why: 'connection refused' },
  ],
  awayMs: 4123.5,
  notes: ['a purge that had been broken off was finished'],
};

export function aProbeOf({ kind }: ProbeOrder): ProbeOutcome {
  switch (kind) {
    case 'tcp':
      return { kind, outcome: { ok: false, fault: 'unmeasurable', why: 'no route' } };
    case 'http':
      return { kind, outcome: { ok: false, fault: 'error', status: 503, why: 'answered with status 503' } };
    case 'zeo': {
      const storages = [{ name: 'main', connections: 3, waiting: null }];
      return { kind, outcome: { ok: true, connectMs: 0.5, ms: 1.5, greeting: 'Z5', storages, warnings: ['lock held'] } };
    }
  }
}

export const aService = (name: string): ServiceSpec => ({
  name,
  type: 'ZeoClient',
  serviceName: 'Zope_1',
  manager: 'command',
  ip: '127.0.0.1',
  port: 8080,
  log: { file: '/srv/zope/1/log/event.log', readyPattern: 'Ready', criticalPattern: 'MemoryError', ignorePattern: '' },
});

export const aSummary: LogPart = {
  type: 'summary',
  summary: { hits: 0, matchingLines: 0, scannedBytes: 12, since: null, omitted: 0, notes: ['no start marker'], why: null, stats: null },
};

export const aRotationPlan: RotationPlan = {
  shortage: null,
  logs: [
    {
      log: '/srv/zope/1/log/event.log',
      method: 'copy',
      sizeBytes: 5_000_000_000,
      archive: '/srv/archive/2024/9/zeoclient1.1-25-16-47-17-event.log',
      loss: 'lines written meanwhile',
      why: 'collapse: tmpfs cannot collapse a file',
    },
    { log: '/srv/zope/1/log/Z2.log', method: null, sizeBytes: null, archive: null, loss: null, why: 'there is no such file' },
  ],
};

export const aRotationResult: RotationResult = {
  logs: [
    {
      ...{ log: '/srv/zope/1/log/event.log', outcome: 'rotated', method: 'pause', bytes: 5_000_000_000, ms: 812.5 },
      ...{ archive: '/srv/archive/2024/9/zeoclient1.1-25-16-47-17-event.log', windowMs: null, pausedMs: 4.25, why: null },
    },
    {
      ...{ log: '/srv/zope/1/log/Z2.log', outcome: 'left', method: null, bytes: 0, ms: 0 },
      ...{ archive: null, windowMs: null, pausedMs: null, why: 'there is no such file' },
    },
  ],
  recovered: ['/srv/zope/1/log/event.log: a rotation that was broken off was undone'],
  removed: [],
};

export const aQuery: LogQuery = {
  what: { kind: 'pattern', pattern: 'a|b', ignoreCase: true },
  output: 'entries',
  range: { kind: 'since-start' },
  level: null,
  context: 0,
  max: null,
  tail: null,
  follow: false,
};

export const anEntry: FoundEntry = { kind: 'hit', time: STARTED_AT, level: 'ERROR', offset: 0, lines: 1, matching: 1, text: 'Käse' };

export const aBalancer = {
  name: 'pound',
  driver: 'pound-control',
  version: '4.16',
  aliveIntervalS: 5,
  backends: [{ address: '127.0.0.1:8080', place: 'http/zope', inFile: 'in', inRuntime: 'out', alive: false, sessions: 3, inFlight: 2 }],
} as const;

function latch() {
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { opened, open };
}
