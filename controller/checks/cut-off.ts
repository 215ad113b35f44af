import { linkSignals, orAborted, reasonOf } from '../../shared/abort.js';
import { type AppError, toAppError } from '../../shared/errors.js';
import type { TcpOutcome, ZeoOutcome } from '../../shared/model/probe.js';
import type { Fleet } from '../fleet/fleet.js';
import type { AskOptions } from './ask-agent.js';

type Silent = Extract<TcpOutcome | ZeoOutcome, { ok: false; fault: 'no-connection' | 'unmeasurable' | 'silent' }>;

/**
 * What an address that answered nothing at all means: the agent of its host is asked whether it is there. It is: then the service accepts no
 * connection. It is away as well: then the host, or the way to it, is cut off, and of the service nothing is known. Where nobody can be
 * asked, silence counts as no connection. Rejects only when the signal aborts.
 */
export async function judgeSilence<T extends TcpOutcome | ZeoOutcome>(
  outcome: T,
  fleet: Fleet,
  host: string,
  options: AskOptions,
): Promise<T> {
  if (!isSilent(outcome)) return outcome;
  const why = await whyAway(fleet, host, options);
  if (why === null) return { ...outcome, fault: 'no-connection' };
  return { ...outcome, fault: 'unmeasurable', why: `${outcome.why}, and its host is cut off: ${why}` };
}

const isSilent = (outcome: TcpOutcome | ZeoOutcome): outcome is Silent => !outcome.ok && outcome.fault === 'silent';

/** null: it is there, or there is none. */
async function whyAway(fleet: Fleet, host: string, { timeoutMs, signal }: AskOptions): Promise<string | null> {
  using linked = linkSignals([signal], timeoutMs, `the agent of ${host}`);
  try {
    await orAborted(fleet.agent(host).ping({ signal: linked.signal, timeoutMs }), linked.signal);
    return null;
  } catch (error) {
    if (signal.aborted) throw reasonOf(signal);
    const { code, message }: AppError = toAppError(error, 'internal', `the agent of ${host}`);
    return code === 'unreachable' || code === 'timeout' ? message : null;
  }
}
