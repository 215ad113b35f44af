import { askAgent } from '../checks/ask-agent.js';
import { judge, type Measurements } from '../checks/judge.js';
import type { Service } from '../config/cluster.js';
import type { Fleet } from '../fleet/fleet.js';
import type { SampleStore } from '../history/samples.js';
import { createGrowth } from '../monitor/growth.js';
import { linkSignals } from '../../shared/abort.js';
import { inParallel } from '../../shared/in-parallel.js';
import type { MemoryQuery, ServiceMemory } from '../../shared/model/memory.js';
import type { MemoryReport, MemoryRequest, MemoryRow } from '../../shared/model/memory-report.js';
import type { ProcessState } from '../../shared/model/process.js';
import type { Clock } from '../../shared/ports/clock.js';
import { exitOf } from './check.js';

export interface MemDeps {
  /** The services that selectors name; clients for none. Throws `usage` for an unknown name. */
  readonly select: (selectors: readonly string[]) => readonly Service[];
  readonly fleet: Fleet;
  readonly samples: Pick<SampleStore, 'growthKbPerH'>;
  readonly clock: Clock;
}

/** A call each to so many agents at once. */
const HOSTS_AT_ONCE = 256;
const ASK_MS = 4_000;
/** Every page table of every process is looked through. */
const ASK_DEARLY_MS = 30_000;

/** Measures what the processes of the chosen services take: one call to the agent of each host. */
export async function measureMemory(deps: MemDeps, { selectors, ...query }: MemoryRequest, signal: AbortSignal): Promise<MemoryReport> {
  const services = deps.select(selectors);
  // One for all of them: each call listens to it.
  using linked = linkSignals([signal]);
  const seen = await memories(deps.fleet, services, query, linked.signal);
  const seenRows = services.map((service): MemoryRow => {
    const memory = seen.get(service.spec.name) ?? notAsked(service);
    const report = judge(service, measurementsOf(memory, deps.clock.now()));
    const { pss, tree } = memory.ok ? memory : { pss: null, tree: null };
    return { report, pss, tree };
  });
  const warnings: string[] = [];
  const reports = await createGrowth(deps.samples)(
    seenRows.map(({ report }) => report),
    warnings,
  );
  const rows = seenRows.map((row, index) => ({ ...row, report: reports[index] ?? row.report }));
  return { at: deps.clock.now(), exit: exitOf(reports), services: rows, warnings };
}

async function memories(
  fleet: Fleet,
  services: readonly Service[],
  query: MemoryQuery,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, ServiceMemory>> {
  const byHost = new Map<string, string[]>();
  for (const { host, spec } of services) byHost.set(host, [...(byHost.get(host) ?? []), spec.name]);
  const timeoutMs = query.pss || query.tree ? ASK_DEARLY_MS : ASK_MS;
  const answers = await inParallel([...byHost], HOSTS_AT_ONCE, async ([host, names]): Promise<readonly ServiceMemory[]> => {
    const answer = await askAgent(fleet, host, (agent, options) => agent.memories(names, query, options), { timeoutMs, signal });
    return 'ok' in answer ? names.map((service) => ({ service, ...answer, down: false })) : answer;
  });
  return new Map(answers.flat().map((memory) => [memory.service, memory]));
}

const notAsked = ({ spec, host }: Service): ServiceMemory => ({
  ...{ service: spec.name, ok: false, why: `the agent of ${host} did not say`, down: false },
});

/** Only its process was looked at. */
function measurementsOf(memory: ServiceMemory, at: number): Measurements {
  return {
    ...{ at, tcp: null, http: null, zeo: null, log: null, ping: null, balancer: null },
    standing: { standing: 'unknown', why: null },
    process: processOf(memory, at),
    memory: memory.ok ? { ok: true, process: memory.process, rssKb: memory.rssKb, uptimeS: memory.uptimeS } : memory,
  };
}

function processOf(memory: ServiceMemory, at: number): ProcessState {
  if (memory.ok) return { state: 'running', process: memory.process, startedAt: at - memory.uptimeS * 1000 };
  return memory.down ? { state: 'down', why: memory.why, failed: false } : { state: 'unknown', why: memory.why };
}
