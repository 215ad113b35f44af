import { AppError } from '../../../shared/errors.js';
import type { Plan, RunRequest } from '../../../shared/model/control-api.js';
import { oneLine } from '../format/text.js';
import { counted } from '../format/units.js';
import type { RollInvocation } from '../typed/actions/roll.js';
import type { Connected } from '../session.js';

/**
 * The request to run, once it is clear that it is meant. The old form, `restart` and `--yes` never ask; `start` and `stop` ask on a
 * terminal if running clients would be interrupted; without a terminal only stopping everything needs `--yes`. Throws if the answer is no.
 */
export async function confirm(connected: Connected, roll: RollInvocation, request: RunRequest): Promise<RunRequest> {
  const meant = roll.oldForm || roll.yes || roll.action === 'restart';
  if (meant) return accepted(request);
  const { terminal } = connected.deps;
  if (!terminal.canAsk) {
    if (roll.action === 'stop' && isEverything(roll)) {
      throw new AppError('usage', 'this would stop everything, and there is no terminal to ask on', { hint: 'say `--yes` if it is meant' });
    }
    return request;
  }
  const { question, request: asked } = await questionFor(connected, roll, request);
  if (question === null) return asked;
  const answer = await terminal.ask(`${question} [y/N] `, connected.signal);
  if (/^\s*y(es)?\s*$/i.test(answer)) return asked;
  throw new AppError('precondition', `not confirmed: nothing was done`, { hint: '`--yes` answers beforehand' });
}

/** Interruption is accepted: a cluster of one client is restarted with a warning instead of being refused. */
const accepted = (request: RunRequest): RunRequest => ({ ...request, oldForm: true });

const isEverything = (roll: RollInvocation): boolean => roll.selectors.length === 0 || roll.selectors.every((one) => /^\*+$/.test(one));

async function questionFor(
  connected: Connected,
  roll: RollInvocation,
  request: RunRequest,
): Promise<{ question: string | null; request: RunRequest }> {
  try {
    const plan = await connected.api.plan(request, connected.signal);
    return { question: plan.interrupts.length === 0 ? null : ask(roll, plan), request };
  } catch (error) {
    if (!(error instanceof AppError && error.code === 'precondition')) throw error;
    // A cluster of one client cannot be rolled. Whether that alone is the reason shows a plan that accepts the interruption.
    const plan = await connected.api.plan(accepted(request), connected.signal).catch(() => {
      throw error;
    });
    return { question: `${error.message}.\n${ask(roll, plan)}`, request: accepted(request) };
  }
}

function ask(roll: RollInvocation, { interrupts, steps }: Plan): string {
  const isClient = (name: string) => steps.some(({ service, pool }) => service === name && pool !== null);
  const what = counted(interrupts.length, interrupts.every(isClient) ? 'running client' : 'running service');
  const names = interrupts.length > MAX_NAMES ? '' : `: ${interrupts.map(oneLine).join(', ')}`;
  const everything = roll.action === 'stop' && isEverything(roll) ? ' The site will be down.' : '';
  return `This ${roll.action === 'stop' ? 'stops' : 'restarts'} ${what}${names}.${everything} Go on?`;
}

const MAX_NAMES = 8;
