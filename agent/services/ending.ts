import { AppError, messageOf } from '../../shared/errors.js';
import type { StopResult } from '../../shared/model/agent-api.js';
import { atMost, type Clock } from '../../shared/ports/clock.js';
import { membersOf } from './members.js';
import type { ProcessFacts, Processes } from './processes.js';

interface Ending {
  readonly target: ProcessFacts;
  /** Leader of the session that we made for it; null if somebody else started it. */
  readonly startedPid: number | null;
  /** What stands above it is a service manager, which stays. */
  readonly managed?: boolean;
  readonly deadlineMs: number;
  /** Asks the service to stop; null: by SIGTERM. Rejects if asking failed: then SIGTERM asks. */
  readonly ask: ((signal: AbortSignal) => Promise<void>) | null;
  /** Kills the service itself, by a manager that may do what we may not; default: SIGKILL. */
  readonly kill?: (signal: AbortSignal) => Promise<void>;
  /** For messages. */
  readonly service: string;
}

/**
 * Ends one process and what belongs to it: asks, waits until exactly that process is gone, asks what it left behind, and after the
 * deadline kills them all. Before each signal the identity is looked at again: a pid can belong to somebody else a moment later.
 */
export async function endProcess(ending: Ending, processes: Processes, clock: Clock, signal: AbortSignal): Promise<StopResult> {
  const { target, service } = ending;
  const start = clock.now();
  const deadline = start + ending.deadlineMs;
  let members = await family();
  let refused = '';
  const asking = new AbortController();
  if (ending.ask === null) await send(target, 'SIGTERM');
  const asked = ending.ask?.(asking.signal).catch(insist) ?? Promise.resolve();
  try {
    if (await gone([target], deadline)) {
      const left = await alive(members);
      // A stop command tidies up after the process is gone (a pid file): let it, for a while.
      if (left.length > 0) await sendAll(left, 'SIGTERM');
      if (await gone(left, deadline)) {
        await atMost(Math.min(deadline - clock.now(), TIDY_MS), asked, clock);
        return { how: 'stopped', ms: clock.now() - start };
      }
    }
    members = [target, ...members, ...(await family())];
    await sendAll(members, 'SIGKILL');
    if (await gone(members, clock.now() + KILLED_MS)) return { how: 'killed', ms: clock.now() - start };
    throw new AppError('failed', `${service}: process ${target.pid} survived SIGKILL${refused}`, {
      hint: `look at it with: ps -o pid,stat,wchan,cmd -p ${target.pid}`,
    });
  } finally {
    asking.abort(new AppError('cancelled', 'the process is gone'));
    await asked;
  }

  /** The stop command failed: then we ask ourselves. */
  async function insist(error: unknown): Promise<void> {
    if (asking.signal.aborted || signal.aborted) return;
    refused = ` (${messageOf(error)})`;
    // What this fails on, the kill after the deadline fails on as well, and that is told.
    await send(target, 'SIGTERM').catch((second: unknown) => (refused = ` (${messageOf(error)}; ${messageOf(second)})`));
  }

  async function family(): Promise<readonly ProcessFacts[]> {
    return membersOf(target, await processes.all(), { ...ending, self: process.pid });
  }

  async function alive(some: readonly ProcessFacts[]): Promise<ProcessFacts[]> {
    const states = await Promise.all(some.map((member) => processes.inspect(member.pid)));
    return some.filter((member, index) => {
      const now = states[index];
      return now === 'hidden' || (typeof now === 'object' && now.id === member.id);
    });
  }

  async function gone(some: readonly ProcessFacts[], until: number): Promise<boolean> {
    for (let pauseMs = FIRST_POLL_MS; ; pauseMs = Math.min(2 * pauseMs, POLL_MS)) {
      if ((await alive(some)).length === 0) return true;
      const left = until - clock.now();
      if (left <= 0) return false;
      await clock.sleep(Math.min(pauseMs, left), signal);
    }
  }

  async function sendAll(some: readonly ProcessFacts[], name: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    for (const member of some) await send(member, name);
  }

  async function send(member: ProcessFacts, name: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    if (member.id !== target.id || name !== 'SIGKILL' || ending.kill === undefined) await processes.signal(member, name);
    else if ((await alive([member])).length > 0) await ending.kill(signal);
  }
}

/** A service that ends on SIGTERM is gone in a few milliseconds. */
const FIRST_POLL_MS = 3;
const POLL_MS = 25;
const TIDY_MS = 2_000;
const KILLED_MS = 10_000;
