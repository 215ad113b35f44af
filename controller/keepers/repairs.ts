import type { Incidents } from '../incidents/incidents.js';
import type { Place } from '../incidents/observation.js';
import type { Round } from '../monitor/rounds.js';
import type { JudgedRound } from '../rolling/preflight-repair.js';
import { AppError, messageOf } from '../../shared/errors.js';
import type { Log } from '../../shared/log.js';
import type { RepairDecision } from '../../shared/model/repair.js';
import type { Operations } from '../actions/operations.js';
import { ownRequest } from './own-operation.js';

export interface RepairsDeps {
  readonly operations: Pick<Operations, 'plan' | 'run'>;
  readonly incidents: () => Promise<Pick<Incidents, 'observe'>>;
  readonly log: Log;
}

const REQUEST = ownRequest({ action: 'repair', selectors: [], by: 'ctl-controller' });

/**
 * What the monitor does after a round: repairs what has been critical long enough. Where there is nothing to do there is no operation;
 * what is given up is an incident that lasts until the service is well or may be tried again. Another operation that runs comes first.
 */
export function createRepairs({ operations, incidents, log }: RepairsDeps): (round: Round, signal: AbortSignal) => Promise<void> {
  return async (round, signal) => {
    const judged = judgedRound(round);
    const before = round.lasting.filter((incident) => incident.kind === 'repair');
    if (judged.confirmed.size === 0 && before.length === 0) return;
    try {
      const { steps, decisions = [] } = await operations.plan(REQUEST, signal, judged);
      await tellGivenUp(decisions, before);
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

  async function tellGivenUp(decisions: readonly RepairDecision[], before: Round['lasting']): Promise<void> {
    const all = await incidents();
    const givenUp = decisions.filter((decision) => decision.action === 'give-up');
    for (const { service, reason } of givenUp) {
      const told = before.some((incident) => incident.service === service);
      const trouble = {
        ...placeOf(service),
        message: `${service} is not repaired any more: ${reason}`,
        expected: null,
        got: null,
        logEntry: null,
      };
      if (!told) await all.observe({ type: 'trouble', trouble: { ...trouble, lasting: true, reason: 'repaired too often' } }, AT_ONCE);
    }
    for (const { service, host } of before) {
      if (givenUp.some((decision) => decision.service === service)) continue;
      await all.observe(
        { type: 'settled', place: { ...placeOf(service ?? ''), host }, why: 'it is well, or may be repaired again' },
        AT_ONCE,
      );
    }
  }
}

const AT_ONCE = { failures: 1, recoveries: 1, busyRounds: 1 } as const;

const placeOf = (service: string): Place => ({ service, host: null, event: null, kind: 'repair' });

function judgedRound({ reports, lasting }: Round): JudgedRound {
  const confirmed = lasting.flatMap(({ service, event, kind }) => (event !== null || kind === 'process' ? (service ?? []) : []));
  return { reports, confirmed: new Set(confirmed) };
}
