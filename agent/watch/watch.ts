import { createHash, randomUUID } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { AppError, messageOf } from '../../shared/errors.js';
import type { Log } from '../../shared/log.js';
import type { AgentEvent } from '../../shared/model/agent-event.js';
import type { ProcessId } from '../../shared/model/process.js';
import type { ServiceSpec } from '../../shared/model/service.js';
import type { WallClock } from '../../shared/ports/clock.js';
import type { AllowList } from '../config/allow-list.js';
import type { EventBuffer } from '../events/event-buffer.js';
import type { CriticalEntry } from '../logs/index.js';
import { resolveSpec } from '../paths.js';
import type { Processes, ServiceManager } from '../services/index.js';
import { createDeaths } from './deaths.js';
import { lastWordsOf } from './last-words.js';
import { createLogWatch } from './log-watch.js';
import { createStorm, type Storm } from './storm.js';

/** Looks after the services of this host without being asked: tells of critical log entries, and of processes that died. */
export interface Watch {
  /** Replaces what is watched. What stays as it was is watched without a gap. */
  assign(services: readonly ServiceSpec[]): void;
  /** To be used instead of the one that was handed in: what ctl stops did not die. */
  readonly manager: ServiceManager;
  /** Notes how far it has read. */
  stop(): Promise<void>;
}

export interface WatchDeps {
  readonly clock: WallClock;
  readonly log: Log;
  readonly allow: AllowList;
  readonly manager: ServiceManager;
  readonly processes: Processes;
  readonly events: Pick<EventBuffer, 'add'>;
  readonly stateDir: string;
  readonly platform: NodeJS.Platform;
}

/** Errors: `failed` if what it knows of the logs cannot be read. */
export async function startWatch(deps: WatchDeps): Promise<Watch> {
  const { clock, log, allow, events, processes, manager, platform } = deps;
  const stopping = new AbortController();
  setMaxListeners(0, stopping.signal);
  const storms = new Map<string, Storm>();
  const bootId = platform === 'linux' ? await processes.bootId() : '';
  const deaths = createDeaths({ manager, processes, clock, onDeath });
  const logs = await createLogWatch({ ...deps, onEntry });
  let assigned: readonly ServiceSpec[] = [];
  const ticking = tick();

  return {
    assign(services) {
      // Only Linux tells cheaply whether a process is still the same.
      if (platform === 'linux') void allowed(services).then((specs) => deaths.assign(specs));
      logs.assign(services);
      assigned = services;
    },
    manager: deaths.manager,
    async stop() {
      stopping.abort(new AppError('cancelled', 'the agent is stopping'));
      await ticking;
      await logs.stop();
      await release(true);
    },
  };

  async function onEntry(service: string, { entry, file, position }: CriticalEntry): Promise<void> {
    // Without a time stamp it could not be told from one of the same words that comes later: rather twice than never.
    const id = entry.time === null ? randomUUID() : digest(service, position, entry.text);
    await tell({ id, at: clock.wallTime(), service, kind: 'critical-entry', entry, file });
  }

  async function onDeath(service: string, process: ProcessId, why: string): Promise<void> {
    const at = clock.wallTime();
    const spec = assigned.find(({ name }) => name === service);
    const lastEntry = spec === undefined ? undefined : await lastWordsOf(spec, { allow, log }, stopping.signal);
    await tell({ id: digest(bootId, service, process), at, service, kind: 'died', process, why, lastEntry });
  }

  async function tell(event: AgentEvent): Promise<void> {
    const key = `${event.service} ${event.kind}`;
    const storm = storms.get(key) ?? createStorm();
    storms.set(key, storm);
    const passed = storm.admit(event, clock.now());
    if (passed !== null) await keep(passed);
  }

  async function keep(event: AgentEvent): Promise<void> {
    await events
      .add(event)
      .catch((error: unknown) => log.error({ error, service: event.service }, 'an event cannot be written to the disk'));
  }

  async function release(force: boolean): Promise<void> {
    for (const storm of storms.values()) {
      const held = storm.release(clock.now(), force);
      if (held !== null) await keep(held);
    }
  }

  async function tick(): Promise<void> {
    while (!stopping.signal.aborted) {
      await deaths.look(stopping.signal);
      await release(false);
      await clock.sleep(TICK_MS, stopping.signal).catch(() => undefined);
    }
  }

  /** Those of this host that agent.ini allows. */
  async function allowed(services: readonly ServiceSpec[]): Promise<readonly ServiceSpec[]> {
    const specs = await Promise.all(services.filter(({ serviceName }) => serviceName !== '').map(resolved));
    return specs.flatMap((spec) => spec ?? []);
  }

  async function resolved(spec: ServiceSpec): Promise<ServiceSpec | null> {
    try {
      allow.service(spec.serviceName);
      return await resolveSpec(spec, allow);
    } catch (error) {
      log.warn({ service: spec.name }, `${spec.name} is not watched: ${messageOf(error)}`);
      return null;
    }
  }
}

/** How soon a death is noticed, and a storm that is over told. */
const TICK_MS = 1_000;

const digest = (...parts: readonly string[]): string => createHash('sha256').update(parts.join('\n')).digest('base64url').slice(0, 24);
