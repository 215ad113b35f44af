import type { Service } from '../config/cluster.js';
import type { Fleet } from '../fleet/fleet.js';
import type { Measured } from '../../shared/model/observation.js';
import type { Memory } from '../../shared/model/process.js';
import type { Clock } from '../../shared/ports/clock.js';
import { askAgent } from './ask-agent.js';
import type { Busyness } from './findings.js';

interface BusynessOptions {
  readonly fleet: Fleet;
  readonly clock: Clock;
  readonly limits: { readonly agentTimeoutMs: number };
  readonly signal: AbortSignal;
}

/** Less than this share of one CPU is what a process uses that only waits. */
const WORKING_SHARE = 0.05;

/**
 * Whether a client that did not answer in time works: the process that was measured at `began` has used CPU time since, and requests wait
 * for their answers. null: it does not, or that cannot be told. Rejects only when the signal of the round aborts.
 */
export async function observeBusyness(
  { spec, host }: Service,
  before: Measured<Memory> | null,
  began: number,
  { fleet, limits, clock, signal }: BusynessOptions,
): Promise<Busyness | null> {
  if (before?.ok !== true || before.cpuMs === undefined) return null;
  const limit = { timeoutMs: limits.agentTimeoutMs, signal };
  const [seen, open] = await Promise.all([
    askAgent(fleet, host, (agent, options) => agent.observe(spec.name, { log: false }, options), limit),
    askAgent(fleet, host, (agent, options) => agent.connections(spec.name, options), limit),
  ]);
  const now = 'memory' in seen ? seen.memory : seen;
  if (!now.ok || !open.ok || now.process !== before.process || now.cpuMs === undefined) return null;
  const cpuMs = now.cpuMs - before.cpuMs;
  const requests = open.connections.filter(({ pending }) => pending).length;
  return requests > 0 && cpuMs >= WORKING_SHARE * (clock.now() - began) ? { cpuMs, requests } : null;
}
