import { linkSignals, orAborted, throwIfAborted } from '../shared/abort.js';
import { AppError, messageOf } from '../shared/errors.js';
import { inParallel } from '../shared/in-parallel.js';
import type { AgentApi, CallOptions, EffectOptions } from '../shared/model/agent-api.js';
import type { LogReport } from '../shared/model/log-report.js';
import { unmeasured } from '../shared/model/observation.js';
import type { RotationSpec } from '../shared/model/rotation.js';
import { addressOf, type ServiceSpec } from '../shared/model/service.js';
import type { WallClock } from '../shared/ports/clock.js';
import { probe } from '../shared/probes/probe.js';
import { createAddresses } from './addresses.js';
import type { BalancerDriver } from './balancers/index.js';
import type { Caches } from './caches/index.js';
import type { AllowList } from './config/allow-list.js';
import type { Connections } from './connections/index.js';
import type { Ledger } from './ledger.js';
import { observe } from './observe.js';
import type { MemoriesOf, MemoryOf } from './memory/index.js';
import type { LogSearch, SearchedLog, SinceStart } from './logs/index.js';
import { resolveCache, resolveRotation, resolveSpec, searchedLog } from './paths.js';
import type { Rotation } from './rotate/rotate.js';
import type { ServiceManager } from './services/index.js';

export interface AgentApiDeps {
  readonly name: string;
  readonly version: string;
  readonly clock: WallClock;
  readonly allow: AllowList;
  readonly manager: ServiceManager;
  readonly ledger: Ledger;
  readonly memory: MemoryOf;
  readonly memories: MemoriesOf;
  readonly connections: Connections;
  readonly log: SinceStart;
  readonly search: LogSearch;
  readonly balancer: (spec: ServiceSpec) => BalancerDriver;
  readonly rotation: Pick<Rotation, 'plan' | 'rotate'>;
  readonly caches: Pick<Caches, 'plan' | 'purge'>;
  /** Told of a part of an answer that agent.ini does not allow: the call itself does not fail by it. */
  readonly refused: (verb: string, service: string, error: AppError) => void;
}

/** The API, and the one thing that it has to be told first: which services are its own. */
export interface AssignedAgentApi extends AgentApi {
  /** Replaces what was assigned before. */
  assign(services: readonly ServiceSpec[]): void;
}

/** What the agent does, composed: each verb looks the service up, asks the allow list, and hands over to one driver. */
export function createAgentApi(deps: AgentApiDeps): AssignedAgentApi {
  const { allow, manager, ledger } = deps;
  let assigned: ReadonlyMap<string, ServiceSpec> = new Map();
  const requireAddress = createAddresses({
    clock: deps.clock,
    services: allowedServices,
    balancer: async (spec, options) => driverOf(await specOf(spec.name, 'balancer')).state(options),
  });

  return {
    assign(services) {
      assigned = new Map(services.map((spec) => [spec.name, spec]));
    },

    ping: async () => ({ name: deps.name, version: deps.version, at: deps.clock.wallTime() }),

    process: (service, options) => bounded('process', service, options, async (signal) => manager.state(await specOf(service), signal)),

    observe: (service, query, options) =>
      bounded('observe', service, options, async (signal) => {
        const spec = await specOf(service);
        const sources = {
          ...{ service, memory: deps.memory, process: (within: AbortSignal) => manager.state(spec, within) },
          log: query.log ? (within: AbortSignal) => observedLog(spec, within) : null,
        };
        return observe(sources, { signal, timeoutMs: options.timeoutMs });
      }),

    memories: (services, query, options) =>
      bounded('memory of', services.join(', '), options, (signal) =>
        inParallel(services, MEASURED_AT_ONCE, async (service) => {
          try {
            return await deps.memories(service, await manager.state(await specOf(service), signal), query);
          } catch (error) {
            throwIfAborted(signal);
            return { service, ...unmeasured(messageOf(error)), down: false };
          }
        }),
      ),

    connections: (service, options) =>
      bounded('connections', service, options, async (signal) => deps.connections(await specOf(service), signal)),

    log: (service, options) => bounded('log', service, options, async (signal) => reportOf(await specOf(service), signal)),

    async *search(service, query, { signal }) {
      const target = logOf(await specOf(service));
      if (target === null) throw new AppError('unsupported', `${service} has no log_file`);
      yield* deps.search(target, query, signal);
    },

    start: (service, options) => effect('start', service, options, (spec, signal) => manager.start(spec, signal)),

    stop: (service, order, options) => effect('stop', service, options, (spec, signal) => manager.stop(spec, order, signal)),

    balancer: (service, options) =>
      bounded('balancer', service, options, async (signal) =>
        driverOf(await specOf(service, 'balancer')).state({ signal, timeoutMs: options.timeoutMs }),
      ),

    setBackend: (service, order, options) =>
      effect('balancer', service, options, (spec, signal) => driverOf(spec).set(order, { signal, timeoutMs: options.timeoutMs })),

    rotation: (service, options) =>
      bounded('rotation', service, options, async (signal) => {
        const spec = await specOf(service, 'rotate');
        return deps.rotation.plan(spec, await rotationOf(spec), signal);
      }),

    rotate: (service, options) =>
      effect('rotate', service, options, async (spec, signal) => deps.rotation.rotate(spec, await rotationOf(spec), signal)),

    purgePlan: (service, options) =>
      bounded('purge', service, options, async (signal) => deps.caches.plan(await cacheOf(await specOf(service, 'purge')), signal)),

    purge: (service, order, options) =>
      effect('purge', service, options, async (spec, signal) => deps.caches.purge(await cacheOf(spec), order, options.commandId, signal)),

    probe: (order, options) =>
      bounded('probe of', addressOf(order), options, async (signal) => {
        await requireAddress(order, signal);
        return probe(order, deps.clock, signal);
      }),
  };

  /** Allowed anew for each call: what the controller assigns is only a wish. */
  async function specOf(service: string, verb?: string): Promise<ServiceSpec> {
    const spec = assigned.get(service);
    if (spec === undefined) {
      throw new AppError('not-found', `${service} is not a service of ${deps.name}`, {
        hint: `has ${service} machine = ${deps.name} in cluster.ini?`,
      });
    }
    if (verb !== undefined) allow.action(verb);
    allow.service(spec.serviceName);
    return resolveSpec(spec, allow);
  }

  async function allowedServices(): Promise<ServiceSpec[]> {
    const found = await Promise.all([...assigned.keys()].map((name) => specOf(name).catch(() => null)));
    return found.filter((spec) => spec !== null);
  }

  async function cacheOf(spec: ServiceSpec): Promise<ServiceSpec> {
    return spec.cache === undefined ? spec : { ...spec, cache: await resolveCache(spec.cache, allow) };
  }

  async function rotationOf({ name, rotation }: ServiceSpec): Promise<RotationSpec> {
    if (rotation !== undefined) return resolveRotation(rotation, allow);
    throw new AppError('unsupported', `${name} has no rotate_logs`, { hint: `name its logs in [${name}] of cluster.ini` });
  }

  async function observedLog(spec: ServiceSpec, signal: AbortSignal): Promise<LogReport> {
    try {
      return await reportOf(spec, signal);
    } catch (error) {
      if (error instanceof AppError && error.code === 'denied') deps.refused('log', spec.name, error);
      throw error;
    }
  }

  async function reportOf(spec: ServiceSpec, signal: AbortSignal): Promise<LogReport> {
    const target = logOf(spec);
    return target === null ? unmeasured(`${spec.name} has no log_file`) : deps.log(target, signal);
  }

  /** null: the service has none. */
  function logOf(spec: ServiceSpec): SearchedLog | null {
    allow.action('log');
    return searchedLog(spec, assigned.get(spec.name)?.log?.file, allow);
  }

  function driverOf(spec: ServiceSpec): BalancerDriver {
    if (spec.balancer === undefined) throw new AppError('unsupported', `${spec.name} is a ${spec.type}, not a balancer`);
    return deps.balancer(spec);
  }

  /** What is refused is not noted: it may be allowed a moment later. */
  async function effect<T>(
    verb: string,
    service: string,
    options: EffectOptions,
    perform: (spec: ServiceSpec, signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    return bounded(verb, service, options, async (signal) => {
      const spec = await specOf(service, verb);
      // An id stands for one change: of another verb or another service it is another one.
      return ledger.once(`${options.commandId} ${verb} ${service}`, () => perform(spec, signal));
    });
  }
}

/** Of one call: each may have to ask the service manager. */
const MEASURED_AT_ONCE = 8;

async function bounded<T>(verb: string, service: string, options: CallOptions, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  using linked = linkSignals([options.signal], options.timeoutMs, `${verb} ${service}`);
  throwIfAborted(linked.signal);
  return await orAborted(work(linked.signal), linked.signal);
}
