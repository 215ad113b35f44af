import type { Fleet } from '../fleet/fleet.js';
import { linkSignals, orAborted, reasonOf } from '../../shared/abort.js';
import { messageOf } from '../../shared/errors.js';
import type { AgentApi, CallOptions } from '../../shared/model/agent-api.js';
import { unmeasured, type Unmeasured } from '../../shared/model/observation.js';

export interface AskOptions {
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/**
 * One question to the agent of a host. An agent that is away, late, or unable is a reason why nothing is known. Rejects only when
 * `signal` aborts.
 */
export async function askAgent<T>(
  fleet: Fleet,
  host: string,
  question: (agent: AgentApi, options: CallOptions) => Promise<T>,
  options: AskOptions,
): Promise<T | Unmeasured> {
  const { timeoutMs, signal } = options;
  using linked = linkSignals([signal], timeoutMs, `the agent of ${host}`);
  try {
    return await orAborted(question(fleet.agent(host), { signal: linked.signal, timeoutMs }), linked.signal);
  } catch (error) {
    if (signal.aborted) throw reasonOf(signal);
    return unmeasured(messageOf(error));
  }
}
