import type { Holds } from '../actions/holds.js';
import type { ClusterConfig } from '../config/cluster.js';
import type { Incidents } from '../incidents/incidents.js';
import type { Place, Trouble } from '../incidents/observation.js';
import type { Round } from '../monitor/rounds.js';
import type { JudgedRound } from '../rolling/preflight-repair.js';
import { AppError, messageOf } from '../../shared/errors.js';
import type { Log } from '../../shared/log.js';
import type { Incident } from '../../shared/model/incident.js';
import type { RepairDecision } from '../../shared/model/repair.js';
import type { Operations } from '../actions/operations.js';
import { ownRequest } from './own-operation.js';

export interface RepairsDeps {
  readonly config: () => ClusterConfig;
  readonly operations: Pick<Operations, 'plan' | 'run'>;
  readonly incidents: () => Promise<Pick<Incidents, 'observe'>>;
  /** Who was taken out of the balancer by hand. */
  readonly holds: Pick<Holds, 'of'>;
  readonly log: Log;
}

const REQUEST = ownRequest({ action: 'repair', selectors: [], by: 'ctl-controller' });

type AfterRound = (round: Round, signal: AbortSignal) => Promise<void>;

/**
 * What the monitor does after a round: with `action = repair` it repairs what has been critical long enough. Where there is nothing to do
 * there is no operation; what is given up is an incident that lasts until the service is well or may be tried again, and is back in the
 * balancer. Another operation that runs comes first.
 */
export function createRepairs({ config, operations, incidents, holds, log }: RepairsDeps): AfterRound {
  return async (round, signal) => {
    const judged = judgedRound(round);
    const before = round.lasting.filter((incident) => incident.kind === 'repair');
    if (config().monitor.action !== 'repair') {
      await review(before, round);
      return;
    }
    if (judged.confirmed.size === 0 && before.length === 0) return;
    try {
      const { steps, decisions = [] } = await operations.plan(REQUEST, signal, judged);
      const leaving = new Set(steps.flatMap(({ step, service }) => (step === 'out' ? (service ?? []) : [])));
      for (const decision of decisions.filter(({ action }) => action === 'give-up')) {
        const isNew = !before.some(({ service }) => service === decision.service);
        await tellGivenUp(decision, { isNew, leaves: leaving.has(decision.service) });
      }
      const open = decisions.filter(({ action, state }) => action === 'give-up' || state === 'unknown').map(({ service }) => service);
      await review(
        before.filter(({ service }) => service === null || !open.includes(service)),
        round,
      );
      if (steps.length > 0) await run(judged, signal);
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof AppError && error.code === 'conflict')) throw error;
      log.info({ why: messageOf(error) }, 'nothing is repaired now');
    }
  };

  async function run(judged: JudgedRound, signal: AbortSignal): Promise<void> {
    for await (const event of operations.run(REQUEST, signal, judged)) {
      if (event.type !== 'result') continue;
      const { operation, outcome, exit, why } = event.result;
      log.info({ operation, outcome, exit, why }, `repair: ${outcome}`);
    }
  }

  async function tellGivenUp({ service, reason }: RepairDecision, { isNew, leaves }: { isNew: boolean; leaves: boolean }): Promise<void> {
    const all = await incidents();
    const message = `${service} is not repaired any more: ${reason}`;
    if (isNew) await all.observe({ type: 'trouble', trouble: troubleOf(service, message) }, AT_ONCE);
    const action = leaves ? 'gave up repairing it, and takes it out of the balancer' : 'gave up repairing it';
    if (isNew || leaves) await all.observe({ type: 'acted', service, action }, AT_ONCE);
  }

  /** What was given up is over, unless it is a client that would stay out of the balancer with nobody to know. */
  async function review(before: readonly Incident[], { reports, silent }: Round): Promise<void> {
    for (const { service, host, message } of before) {
      if (service === null || silent.has(service)) continue;
      const standing = reports.find(({ name }) => name === service)?.balancer;
      if (standing === 'unknown') continue;
      const all = await incidents();
      if (standing !== 'out' || holds.of(service) !== undefined) {
        const place = { ...placeOf(service), host };
        await all.observe({ type: 'settled', place, why: 'it is well, or may be repaired again' }, AT_ONCE);
        continue;
      }
      const still = stillOut(service);
      if (message !== still) await all.observe({ type: 'trouble', trouble: troubleOf(service, still) }, AT_ONCE);
    }
  }

  function troubleOf(service: string, message: string): Trouble {
    const host = config().services.get(service)?.host ?? null;
    const words = { message, expected: null, got: null, logEntry: null };
    return { ...placeOf(service), host, ...words, lasting: true, reason: 'repaired too often' };
  }
}

const stillOut = (service: string): string =>
  `${service} is still out of the balancer, which it left when its repair was given up: \`ctl balancer in ${service}\` lets it in, \`ctl start ${service}\` restarts it first`;

const AT_ONCE = { failures: 1, recoveries: 1, busyRounds: 1 } as const;

const placeOf = (service: string): Place => ({ service, host: null, event: null, kind: 'repair' });

/** What was seen of a service while somebody worked on it confirms nothing: it would be restarted once more. */
function judgedRound({ reports, lasting, silent }: Round): JudgedRound {
  const confirmed = lasting.flatMap(({ service, event, kind }) => (event !== null || kind === 'process' ? (service ?? []) : []));
  return { reports, confirmed: new Set(confirmed.filter((service) => !silent.has(service))) };
}
