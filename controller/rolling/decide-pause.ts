import type { ClientFacts } from './facts.js';
import type { RunAction } from './run-action.js';
import type { MemberProgress, Progress } from './progress.js';

type Pause = Extract<RunAction, { do: 'wait' | 'continue' | 'finish' }>;

/** How many more clients may begin before the canaries have been judged. */
export function canaryRoom(progress: Progress): number {
  const { canary } = progress.plan.policy;
  if (canary === undefined || progress.continued) return Infinity;
  return Math.max(0, canary.clients - clientsOf(progress).filter((m) => m.state !== 'waiting').length);
}

/**
 * Whether those that are done are watched a while before the next one leaves: each for `min-healthy`, the canaries until somebody says so or
 * their time is over. One that turns bad meanwhile ends the run. null: the next may leave.
 */
export function decidePause(progress: Progress, clients: ReadonlyMap<string, ClientFacts>, now: number): Pause | null {
  const { canary, minHealthyMs = 0 } = progress.plan.policy;
  const all = clientsOf(progress);
  if (all.every((m) => m.state !== 'waiting')) return null;
  const done = all.filter((m) => m.state === 'done');
  const fresh = done.filter((m) => (m.settledAt ?? 0) + minHealthyMs > now);
  if (fresh.length > 0) {
    const left = Math.max(...fresh.map((m) => (m.settledAt ?? 0) + minHealthyMs - now));
    const why = `${namesOf(fresh)} has to stay healthy for ${Math.ceil(left / 1000)} s more`;
    return turnedBad(fresh, clients) ?? { do: 'wait', why, pollMs: WATCH_MS };
  }
  if (canary === undefined || canaryRoom(progress) > 0) return null;
  const bad = turnedBad(done, clients);
  if (bad !== null) return bad;
  const left = canary.waitMs === null ? null : progress.idleSince + canary.waitMs - now;
  if (left !== null && left <= 0) return { do: 'continue' };
  const until = left === null ? '' : `, or for ${Math.ceil(left / 1000)} s`;
  const why = `the canaries are done (${namesOf(done)}): \`ctl operations resume ${progress.plan.id}\` goes on${until}`;
  return { do: 'wait', why, pollMs: WATCH_MS };
}

/** Between two looks at clients that have nothing to do but to stay healthy. */
const WATCH_MS = 1_000;

function turnedBad(watched: readonly MemberProgress[], clients: ReadonlyMap<string, ClientFacts>): Pause | null {
  const bad = watched.find(({ planned: { name } }) => ['failing', 'down'].includes(clients.get(name)?.health ?? ''));
  if (bad === undefined) return null;
  const { name } = bad.planned;
  return {
    do: 'finish',
    outcome: 'halted',
    why: `${name} did not stay healthy after its restart: it is ${clients.get(name)?.health ?? ''}`,
  };
}

const clientsOf = ({ plan, members }: Progress): MemberProgress[] =>
  plan.batches.flatMap((batch) => (batch.pool === null ? [] : batch.members.flatMap(({ name }) => members.get(name) ?? [])));

const namesOf = (members: readonly MemberProgress[]): string => members.map((m) => m.planned.name).join(', ');
