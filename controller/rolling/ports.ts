import { askAgent } from '../checks/ask-agent.js';
import type { BalancerStates } from '../checks/standings.js';
import type { Service } from '../config/cluster.js';
import type { Effect, RollPorts } from './roll-ports.js';
import type { Journal } from './journal.js';
import { ASK_MS, isClient, observeClients, observeMember, type RollWorld, serviceOf } from './observe.js';
import { orderBalancers } from './order-balancers.js';
import type { MemberProgress } from './progress.js';
import { runHook } from './hooks.js';
import { createPurges } from './purges.js';
import { createRotations } from './rotations.js';

/** Beyond a deadline that the agent itself keeps. */
const MARGIN_MS = 10_000;
/** A start that is tried at all must be able to succeed. */
const LAST_START_MS = 1_000;

/** The real cluster behind the executor. */
export function createRollPorts(outer: RollWorld, journal: Journal, waiting: RollPorts['waiting']): RollPorts {
  const { clock, fleet, checks } = outer;
  /** As they were last seen: which of them hold a client. */
  let seen: BalancerStates = new Map();
  const world: RollWorld = { ...outer, balancers: async (signal) => (seen = await outer.balancers(signal)) };
  return {
    now: () => clock.now(),
    sleep: (ms, signal) => clock.sleep(ms, signal),
    append: (event) => journal.append(event),
    waiting,
    observeClients: (signal) => observeClients(world, signal),
    observeMember: (member, remainingMs, signal) => observeMember(world, member, remainingMs, signal),
    perform: (member, effect, id, remainingMs, signal) => perform(member, effect, id, remainingMs, signal),
    takeOut: (client, id, signal) => orderBalancers(world, seen, { service: serviceOf(world, client), wanted: 'out', id }, signal),
    rotate: createRotations(world),
    purge: createPurges(world),
    hook: runHook,
    async lastLogEntry(member, signal) {
      const service = world.config().services.get(member);
      if (service === undefined) return null;
      const report = await askAgent(fleet, service.host, (agent, options) => agent.log(member, options), { timeoutMs: ASK_MS, signal });
      return report.ok ? (report.last?.text ?? null) : null;
    },
  };

  async function perform(
    { planned }: MemberProgress,
    effect: Effect,
    commandId: string,
    remainingMs: number,
    signal: AbortSignal,
  ): Promise<string | null> {
    const { name, timing } = planned;
    const service = serviceOf(world, name);
    const agent = fleet.agent(service.host);
    switch (effect.do) {
      case 'set':
        await orderBalancers(world, seen, { service, wanted: effect.wanted, id: commandId }, signal);
        return null;
      case 'stop': {
        const order = { replacing: effect.replacing, deadlineMs: timing.stopDeadlineMs };
        const { how } = await agent.stop(name, order, { commandId, signal, timeoutMs: timing.stopDeadlineMs + MARGIN_MS });
        return how === 'killed' ? `did not stop in ${timing.stopDeadlineMs / 1000} s and was killed` : null;
      }
      case 'start':
        await agent.start(name, { commandId, signal, timeoutMs: Math.max(LAST_START_MS, remainingMs) });
        return null;
      case 'warm':
        return warm(service, signal);
    }
  }

  async function warm(service: Service, signal: AbortSignal): Promise<string | null> {
    if (!isClient(service)) return null;
    const failed = (await checks.warm(service, signal)).flatMap(({ url, result }) => (result.ok ? [] : [`${url}: ${result.why}`]));
    return failed.length === 0 ? null : `warm-up: ${failed.join('; ')}`;
  }
}
