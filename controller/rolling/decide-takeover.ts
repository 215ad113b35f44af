import type { Step } from '../../shared/model/operation.js';
import { affordable, type ClientFacts } from './facts.js';
import { PATIENCE } from './patience.js';
import { memberOf, type MemberProgress, type Progress } from './progress.js';
import type { RunAction } from './run-action.js';

/**
 * What becomes of those that an earlier controller had in hand. Nobody knows what happened since: one that was to leave, and is in the balancer
 * now, goes back and waits for its turn again, so that `min_active` is seen to anew; of one whose agents have not come back yet nothing is
 * done before they have.
 */
export function decideTakeover(
  progress: Progress,
  names: readonly string[],
  clients: ReadonlyMap<string, ClientFacts>,
  now: number,
): Extract<RunAction, { do: 'begin' | 'let-be' | 'wait' }> {
  const members = names.map((name) => memberOf(progress, name));
  const { guarded, minActive } = progress.plan.policy;
  const isShort = guarded && affordable(clients.values(), minActive) < 0;
  const isIn = ({ planned: { name } }: MemberProgress) =>
    ['in', 'dead'].includes(clients.get(name)?.standing ?? '') || (isShort && clients.get(name)?.drift === true);
  const inAgain = members.filter((m) => isLeaving(m) && isIn(m));
  if (inAgain.length > 0) return { do: 'let-be', members: inAgain.map((m) => m.planned.name) };
  const known = members.filter((m) => {
    const facts = clients.get(m.planned.name);
    return !isLeaving(m) || facts?.standing !== 'unknown' || facts.drift === true || now - m.since >= PATIENCE.agentMs;
  });
  const [first] = names;
  if (known.length === 0) return { do: 'wait', why: `nobody says whether ${first ?? ''} is in the balancer`, pollMs: LOOK_MS };
  return { do: 'begin', members: known.map((m) => m.planned.name) };
}

/** Why one goes back that nothing happened to. */
export const TAKEN_OVER = 'its controller was away, and it is in the balancer: its turn comes again';

/**
 * The step that it enters when it is taken up again; null: it goes on. Whether it answers well was proven to another controller, a while ago;
 * and the time that its agents were waited for is none of the step's.
 */
export function stepAtTakeover(member: MemberProgress): Step | null {
  const { step, planned } = member;
  if ((step === 'warm' || step === 'in') && planned.steps.includes('check')) return 'check';
  return isLeaving(member) ? step : null;
}

/** Between two looks at a whole cluster of which nothing is known. */
const LOOK_MS = 500;

const isLeaving = ({ step, planned }: MemberProgress): boolean =>
  (step === 'out' || step === 'drain' || step === 'stop') && planned.steps.includes('out');
