import { AppError } from '../../shared/errors.js';
import type { RunRequest } from '../../shared/model/control-api.js';
import type { MemberResult, OperationEvent, OperationResult, PlanStep, Step } from '../../shared/model/operation.js';
import { FAKE_NOW, poolOf } from './well-cluster.js';

export interface FakeRoll {
  readonly names: readonly string[];
  readonly action: RunRequest['action'];
  readonly maxFail?: number;
}

export interface RollScript {
  /** This client does not answer after its start: the roll halts there, unless it may go on after as many. */
  readonly failing?: string;
  /** The roll waits while it starts this client, until it is halted. */
  readonly stuckOn?: string;
}

export interface RollSwitches {
  /** Resolves when the roll is halted. */
  readonly halted: Promise<'interrupted' | 'aborted'>;
  /** Told when it waits on `stuckOn`. */
  readonly stuck: () => void;
}

export const FAKE_OPERATION = 'op-1';

/** A roll whose events come without any delay. */
export async function* fakeRoll(
  { failing, stuckOn }: RollScript,
  { names, action, maxFail = 0 }: FakeRoll,
  { halted, stuck }: RollSwitches,
  signal: AbortSignal,
): AsyncGenerator<OperationEvent> {
  let at = FAKE_NOW;
  const members: MemberResult[] = [];
  let ended: { outcome: OperationResult['outcome']; exit: number; why: string | null } = { outcome: 'completed', exit: 0, why: null };
  let partial = false;
  yield { type: 'started', operation: FAKE_OPERATION, action, at, plan: planSteps(names, action) };
  for (const service of names) {
    if (ended.outcome !== 'completed') {
      members.push({ name: service, result: 'untouched', why: null, lastLogEntry: null, stepsMs: {} });
      continue;
    }
    const stepsMs: Partial<Record<Step, number>> = {};
    let result: MemberResult = { name: service, result: 'done', why: null, lastLogEntry: null, stepsMs };
    for (const [step, ms] of stepsOf(action)) {
      yield { type: 'step', operation: FAKE_OPERATION, service, step, state: 'begin', at, ms: null, detail: null };
      if (step === 'start' && service === stuckOn) {
        yield { type: 'note', operation: FAKE_OPERATION, service, at, message: 'waiting for an HTTP answer' };
        stuck();
        const how = await Promise.race([halted, endOf(signal)]);
        ended = { outcome: how, exit: 130, why: `${how} by an operator` };
      }
      at += ms;
      if (step === 'check' && service === failing) {
        const why = 'no HTTP answer: expected a status below 400 within 300 s, got connection refused';
        yield { type: 'step', operation: FAKE_OPERATION, service, step: 'fail', state: 'end', at, ms, detail: why };
        result = { name: service, result: 'failed', why, lastLogEntry: FAILED_ENTRY, stepsMs: { ...stepsMs } };
        if (maxFail === 0) ended = { outcome: 'halted', exit: 1, why: `${service} did not come back` };
        else partial = true;
        break;
      }
      stepsMs[step] = ms;
      yield { type: 'step', operation: FAKE_OPERATION, service, step, state: 'end', at, ms, detail: null };
    }
    members.push(result);
  }
  if (partial && ended.outcome === 'completed') ended = { ...ended, exit: 3 };
  yield { type: 'result', result: { operation: FAKE_OPERATION, action, ...ended, seconds: (at - FAKE_NOW) / 1000, services: members } };
}

export const planSteps = (names: readonly string[], action: RunRequest['action']): PlanStep[] =>
  names.flatMap((service, batch) =>
    stepsOf(action).map(([step]) => ({ step, service, batch: batch + 1, pool: poolOf(service), detail: null })),
  );

const STEPS_OF_A_CLIENT: readonly (readonly [Step, number])[] = [
  ['out', 120],
  ['drain', 2_100],
  ['stop', 950],
  ['start', 29_800],
  ['check', 84],
  ['warm', 3_100],
  ['in', 130],
];

const FAILED_ENTRY = `2024-09-25 16:47:49,760 ERROR   [Zope:42][MainThread] Couldn't install Products.Shop
Traceback (most recent call last):
  File "shop/__init__.py", line 3, in <module>
ImportError: No module named 'cart'`;

const stepsOf = (action: RunRequest['action']) => (action === 'stop' ? STEPS_OF_A_CLIENT.slice(0, 3) : STEPS_OF_A_CLIENT);

/** Rejects when the signal aborts. */
export const endOf = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    const end = () => reject(signal.reason instanceof AppError ? signal.reason : new AppError('cancelled', 'cancelled'));
    if (signal.aborted) end();
    else signal.addEventListener('abort', end, { once: true });
  });
