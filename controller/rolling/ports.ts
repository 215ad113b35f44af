import { askAgent } from '../checks/ask-agent.js';
import type { BalancerStates } from '../checks/standings.js';
import { balancersOf, type Service } from '../config/cluster.js';
import { addressOf } from '../../shared/model/service.js';
import type { Effect, RollPorts } from './executor.js';
import type { Journal } from './journal.js';
import { ASK_MS, isClient, observeClients, observeMember, type RollWorld, serviceOf } from './observe.js';
import type { MemberProgress } from './progress.js';

/** For an order to a balancer: its file is checked, written and read back. */
const ORDER_MS = 15_000;
/** Beyond a deadline that the agent itself keeps. */
const MARGIN_MS = 10_000;

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
    perform: (member, effect, id, signal) => perform(member, effect, id, signal),
    takeOut: (client, id, signal) => setEverywhere(serviceOf(world, client), 'out', id, signal),
    async lastLogEntry(member, signal) {
      const service = world.config().services.get(member);
      if (service === undefined) return null;
      const report = await askAgent(fleet, service.host, (agent, options) => agent.log(member, options), { timeoutMs: ASK_MS, signal });
      return report.ok ? (report.last?.text ?? null) : null;
    },
  };

  async function perform({ planned }: MemberProgress, effect: Effect, commandId: string, signal: AbortSignal): Promise<string | null> {
    const { name, timing } = planned;
    const service = serviceOf(world, name);
    const agent = fleet.agent(service.host);
    switch (effect.do) {
      case 'set':
        await setEverywhere(service, effect.wanted, commandId, signal);
        return null;
      case 'stop': {
        const order = { replacing: effect.replacing, deadlineMs: timing.stopDeadlineMs };
        const { how } = await agent.stop(name, order, { commandId, signal, timeoutMs: timing.stopDeadlineMs + MARGIN_MS });
        return how === 'killed' ? `did not stop in ${timing.stopDeadlineMs / 1000} s and was killed` : null;
      }
      case 'start':
        await agent.start(name, { commandId, signal, timeoutMs: timing.startDeadlineMs });
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

  /** In every balancer that has such a backend; one that did not say must not be passed over. */
  async function setEverywhere(service: Service, wanted: 'in' | 'out', id: string, signal: AbortSignal): Promise<void> {
    const address = addressOf(service.spec);
    const holding = balancersOf(world.config()).filter((balancer) => {
      const state = seen.get(balancer.spec.name);
      return state?.ok !== true || state.backends.some((backend) => backend.address === address);
    });
    const orders = holding.map(({ host, spec: { name } }) =>
      fleet.agent(host).setBackend(name, { address, wanted }, { commandId: `${id}/${name}`, signal, timeoutMs: ORDER_MS }),
    );
    for (const result of await Promise.allSettled(orders)) if (result.status === 'rejected') throw result.reason;
  }
}
