import { affordable, type ClientFacts, isServing } from './facts.js';
import { PATIENCE } from './patience.js';
import type { PlannedBatch, RollPlan } from './plan.js';
import { decideRecheck } from './decide-recheck.js';
import { decideTakeover } from './decide-takeover.js';
import type { RunAction } from './run-action.js';
import { canaryRoom, decidePause } from './decide-pause.js';
import { decidePurge } from './decide-purge.js';
import { dueHook } from './decide-hook.js';
import { failedHook, isEnding, memberOf, type MemberProgress, type Progress } from './progress.js';

type Finish = Extract<RunAction, { do: 'finish' }>;

/** Whether the run is over, whatever its clients look like; null: it goes on, or somebody is still in hand. */
export function decideEnd(progress: Progress): Finish | null {
  const { plan, members, halting } = progress;
  const all = [...members.values()];
  if (all.some((m) => m.state === 'active')) return null;
  if (halting === 'aborted') return { do: 'finish', outcome: 'aborted', why: null };
  const failed = all.filter((m) => m.state === 'failed');
  const hook = failedHook(progress);
  // What the clients stand on is not counted: nothing under a dead ZEO server is touched.
  const [first] = failed.length > plan.policy.maxFail ? failed : failed.filter((m) => plan.action !== 'stop' && isRoot(plan, m));
  const why = first === undefined ? hook : `${first.planned.name}: ${first.why ?? 'failed'}`;
  // Of both, the operator's word is the one that can be resumed.
  if (halting === 'interrupted') return { do: 'finish', outcome: 'interrupted', why };
  return why === null ? null : { do: 'finish', outcome: 'halted', why };
}

const isRoot = (plan: RollPlan, member: MemberProgress): boolean =>
  plan.batches.some((batch) => batch.pool === null && batch.members.includes(member.planned));

/** What is done before anything else, whatever the clients look like; null: their turn has come. */
export function decideRotation({ plan, rotations }: Progress): Extract<RunAction, { do: 'rotate' | 'finish' }> | null {
  const services = (plan.rotate ?? []).map((one) => one.service).filter((service) => typeof rotations.get(service)?.ms !== 'number');
  if (services.length > 0) return { do: 'rotate', services };
  return plan.action === 'rotate' ? { do: 'finish', outcome: 'completed', why: null } : null;
}

/** What the run does next as a whole: the next batch as far as it can leave now, a wait, or the end. `driven`: in hand already. */
export function decideRun(
  progress: Progress,
  clients: ReadonlyMap<string, ClientFacts>,
  { now, driven }: { readonly now: number; readonly driven: ReadonlySet<string> },
): RunAction {
  const { plan, members } = progress;
  // Whatever is in hand comes first, also when the run is to end: no client is left between out and in.
  const inHand = [...members.values()].filter((m) => m.state === 'active').map((m) => m.planned.name);
  const forgotten = inHand.filter((name) => !driven.has(name));
  if (forgotten.length > 0) return decideTakeover(progress, forgotten, clients, now);
  const { deadlineMs } = plan.policy;
  const late = deadlineMs !== null && now - progress.deadlineFrom >= deadlineMs;
  if (inHand.length > 0) {
    const next = mayOverlap(progress) && !late ? nextToLeave(progress, clients) : [];
    const batch = nextBatch(progress);
    return next.length > 0 && batch !== undefined ? leave(progress, batch, next, clients) : { do: 'follow' };
  }
  const end = decideEnd(progress);
  if (end !== null) return end;

  // What was seen when it was planned is not true for ever: one that answers again stays, and so does the last one.
  const isDead = (client: string) => clients.get(client)?.health !== 'passing' && [...clients.values()].some(isServing);
  const next = plan.takeOut.find((client) => !progress.takenOut.has(client) && isDead(client));
  if (next !== undefined) return { do: 'take-out', client: next };

  const batch = nextBatch(progress);
  if (!batch) return decidePurge(progress) ?? dueHook(progress, 'after_roll', null) ?? { do: 'finish', outcome: 'completed', why: null };
  if (late) return { do: 'finish', outcome: 'halted', why: `the deadline of ${deadlineMs / 1000} s has passed` };
  const pause = decidePause(progress, clients, now) ?? decideRecheck(progress, waitingIn(progress, batch), clients, now);
  if (pause !== null) return pause;
  const leaving = nextToLeave(progress, clients);
  if (leaving.length > 0) return leave(progress, batch, leaving, clients);

  const serving = [...clients.values()].filter(isServing).length;
  const missing = [...clients]
    .filter(([, f]) => !isServing(f) && f.standing !== 'none')
    .map(([name, f]) => `${name} is ${f.standing} and ${f.health}`);
  const why = `${serving} clients serve, ${plan.policy.minActive} have to when ${waitingIn(progress, batch)[0] ?? ''} is out; ${missing.join(', ')}`;
  return now - progress.idleSince < PATIENCE.clusterMs ? { do: 'wait', why } : { do: 'finish', outcome: 'halted', why };
}

/**
 * The next client drains while the one in hand, healthy again, warms up and goes in: that hides the drain. It needs room for both, which
 * the guard sees to: the one in hand does not count as serving until the balancer says so.
 */
export function mayOverlap(progress: Progress): boolean {
  const inHand = [...progress.members.values()].filter((m) => m.state === 'active');
  const healthy = inHand.every((m) => m.step === 'warm' || m.step === 'in');
  const next = nextBatch(progress);
  const { guarded, minHealthyMs } = progress.plan.policy;
  const { action, hooks } = progress.plan;
  const one = minHealthyMs !== undefined || action === 'repair' || hooks?.before_client !== undefined || hooks?.after_client !== undefined;
  // Where each change restarts the balancer, a batch is changed as a whole.
  return guarded && !one && healthy && !isEnding(progress) && typeof next?.pool === 'number' && next.together !== true;
}

const nextBatch = ({ plan, members }: Progress): PlannedBatch | undefined =>
  plan.batches.find((batch) => batch.members.some((m) => members.get(m.name)?.state === 'waiting'));

const waitingIn = (progress: Progress, batch: PlannedBatch): string[] =>
  batch.members.map((m) => m.name).filter((name) => memberOf(progress, name).state === 'waiting');

function nextToLeave(progress: Progress, clients: ReadonlyMap<string, ClientFacts>): string[] {
  const { guarded, minActive } = progress.plan.policy;
  const batch = nextBatch(progress);
  const candidates = batch === undefined ? [] : waitingIn(progress, batch);
  const able = guarded ? whoCanLeave(candidates, clients, minActive) : candidates;
  return batch?.pool === null ? able : able.slice(0, canaryRoom(progress));
}

/** Their hooks first, one by one. */
function leave(progress: Progress, batch: PlannedBatch, members: readonly string[], clients: ReadonlyMap<string, ClientFacts>): RunAction {
  const hooks = batch.pool === null ? [] : members.map((name) => dueHook(progress, 'before_client', name));
  const outside = members.filter((name) => clients.get(name)?.standing === 'out');
  return hooks.find((hook) => hook !== null) ?? { do: 'begin', members, ...(outside.length === 0 ? {} : { outside }) };
}

/**
 * Those of a batch that can leave now so that `minActive` clients are proven to serve without them. One that is dead or answers badly
 * serves nobody: it can always leave. One that is unknown may serve, so the others have to suffice.
 */
function whoCanLeave(candidates: readonly string[], clients: ReadonlyMap<string, ClientFacts>, minActive: number): string[] {
  let spare = affordable(clients.values(), minActive);
  return candidates.filter((name) => {
    const facts = clients.get(name);
    if (isServing(facts)) return spare > 0 && spare-- > 0;
    return facts === undefined || (facts.standing !== 'unknown' && facts.health !== 'unknown') || spare >= 0;
  });
}
