import type { OperationAction, Step } from '../../shared/model/operation.js';
import type { ClusterConfig, Service } from '../config/cluster.js';
import type { ClientFacts } from './facts.js';
import type { PlannedBatch, PlannedMember } from './plan.js';

/** A batch of one of the services that the clients stand on. */
export const alone = (service: Service, steps: readonly Step[]): PlannedBatch => ({ pool: null, members: [member(service, steps, null)] });

/** The steps of a client that stands so in the balancer; one that is `held` out by hand stays out. */
export function clientSteps(action: OperationAction, where: ClientFacts['standing'], held: boolean): Step[] {
  const leave: Step[] = where === 'none' ? [] : ['out', 'drain'];
  if (action === 'stop') return [...leave, 'stop'];
  return [...leave, 'stop', 'start', 'check', 'warm', ...(where === 'none' || held ? [] : (['in'] as const))];
}

/** `drain`: how the clients of this cluster leave their balancer. */
export function member(service: Service, steps: readonly Step[], drain: Service['drain']): PlannedMember {
  return {
    name: service.spec.name,
    steps,
    timing: {
      drainMs: drain?.drainMs ?? 0,
      quietMs: drain?.quietMs ?? 0,
      timeToSleepMs: drain?.timeToSleepMs ?? 0,
      startDeadlineMs: service.startDeadlineMs,
      stopDeadlineMs: service.stopDeadlineMs,
    },
  };
}

export const drainOf = (config: ClusterConfig): Service['drain'] =>
  config.frontends.concat([...config.services.values()]).find((s) => s.drain !== null)?.drain ?? null;
