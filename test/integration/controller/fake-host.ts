import { linkSignals, orAborted } from '../../../shared/abort.js';
import { AppError } from '../../../shared/errors.js';
import type { AgentApi, EffectOptions } from '../../../shared/model/agent-api.js';
import type { Backend } from '../../../shared/model/balancer.js';
import type { LogReport } from '../../../shared/model/log-report.js';
import { unmeasured } from '../../../shared/model/observation.js';
import type { ProcessState } from '../../../shared/model/process.js';
import type { LinkedAgent } from '../../../agent/link/link.js';
import type { FakeZope } from './fake-zope.js';

/** All hosts of the cluster, in memory: the clients, and a balancer that holds each of them once. */
export interface FakeHosts {
  readonly zopes: ReadonlyMap<string, FakeZope>;
  /** Backends that are out. */
  readonly out: Set<string>;
  /** What was really done, in order: `out c1`, `stop c1`, `start c1`, `in c1`. */
  readonly done: string[];
  /** Broken promises to the visitors of the site, as sentences. */
  readonly violations: string[];
  /** What a host carries out for its controller. */
  readonly agent: LinkedAgent;
  /** This deed (or `balancer`, a look at it) waits until `release`; resolves when it has been asked for. */
  hold(deed: string): Promise<void>;
  release(): void;
}

export function createFakeHosts(zopes: readonly FakeZope[]): FakeHosts {
  const held = new Map<string, () => void>();
  let gate = latch();
  /** Results by command id, as an agent keeps them on its disk. */
  const ledger = new Map<string, Promise<unknown>>();
  const api: AgentApi = {
    ping: async () => ({ name: 'host', version: '1', at: 0 }),
    process: async (service) => processOf(service),
    observe: async (service, { log }) => ({
      process: processOf(service),
      memory: unmeasured('not part of this'),
      log: log ? logOf(service) : null,
    }),
    connections: async () => ({ ok: true, connections: [] }),
    log: async (service) => logOf(service),
    async *search() {
      yield* [];
    },
    async balancer(name) {
      await passGate('balancer');
      return { name, driver: 'pound-control', version: '4.16', aliveIntervalS: 1, backends: zopes.map(backendOf) };
    },
    memories: async (services) => services.map((service) => ({ service, ok: false, why: 'not part of this', down: false })),
    purgePlan: async () => ({ details: [], awayS: null }),
    purge: (service, _, options) => once(`purge ${service}`, options, async () => ({ pages: [], awayMs: null, notes: [] })),
    probe: () => Promise.reject(new AppError('unsupported', 'not part of this')),
    rotation: async () => ({ logs: [], shortage: null }),
    rotate: (service, options) => once(`rotate ${service}`, options, async () => ({ logs: [], recovered: [], removed: [] })),
    start: (service, options) =>
      once(`start ${service}`, options, async () => {
        await find(service).start();
        return await api.process(service, options);
      }),
    stop: (service, { replacing }, options) =>
      once(`stop ${service}`, options, async () => {
        const zope = find(service);
        if (zope.process() !== replacing) return { how: 'gone', ms: 0 };
        if (!hosts.out.has(service)) hosts.violations.push(`${service} was stopped while the balancer sent to it`);
        await zope.stop();
        return { how: 'stopped', ms: 1 };
      }),
    setBackend: (_, { address, wanted }, options) => {
      const zope = zopes.find(({ port }) => address === `127.0.0.1:${port}`);
      if (zope === undefined) return Promise.reject(new AppError('not-found', `no backend ${address}`));
      return once(`${wanted} ${zope.name}`, options, async () => {
        if (wanted === 'in') hosts.out.delete(zope.name);
        else hosts.out.add(zope.name);
        if (!zopes.some(serves)) hosts.violations.push(`nobody served after ${wanted} ${zope.name}`);
      });
    },
  };
  const hosts: FakeHosts = {
    zopes: new Map(zopes.map((zope) => [zope.name, zope])),
    out: new Set(),
    done: [],
    violations: [],
    agent: { assign: () => undefined, ...api },
    hold: (deed) => new Promise((resolve) => held.set(deed, resolve)),
    release() {
      held.clear();
      gate.open();
      gate = latch();
    },
  };
  return hosts;

  function processOf(service: string): ProcessState {
    const process = find(service).process();
    return process === null ? { state: 'down', why: 'exit code 1', failed: false } : { state: 'running', process, startedAt: 0 };
  }

  function logOf(service: string): LogReport {
    const last = { time: null, level: 'ERROR', text: `the last entry of ${find(service).name}` };
    return { ok: true, since: null, findings: 0, entries: [], last };
  }

  function backendOf(zope: FakeZope): Backend {
    const where = hosts.out.has(zope.name) ? 'out' : 'in';
    const address = `127.0.0.1:${zope.port}`;
    return { address, place: 'main/all', inFile: where, inRuntime: where, alive: zope.process() !== null, sessions: 0, inFlight: null };
  }

  function serves(zope: FakeZope): boolean {
    return !hosts.out.has(zope.name) && zope.process() !== null;
  }

  async function once<T>(deed: string, options: EffectOptions, perform: () => Promise<T>): Promise<T> {
    const result = ledger.get(options.commandId) ?? carryOut(deed, perform);
    ledger.set(options.commandId, result);
    using linked = linkSignals([options.signal], options.timeoutMs, deed);
    return (await orAborted(result, linked.signal)) as T;
  }

  async function carryOut<T>(deed: string, perform: () => Promise<T>): Promise<T> {
    await passGate(deed);
    hosts.done.push(deed);
    return await perform();
  }

  async function passGate(deed: string): Promise<void> {
    held.get(deed)?.();
    if (held.has(deed)) await gate.opened;
  }

  function find(service: string): FakeZope {
    const zope = hosts.zopes.get(service);
    if (zope === undefined) throw new AppError('not-found', `${service} is not a service of this host`);
    return zope;
  }
}

function latch() {
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { opened, open };
}
