import type { Fault, TcpOutcome } from '../../shared/model/probe.js';
import type { Clock } from '../../shared/ports/clock.js';
import type { TcpTarget } from '../../shared/ports/tcp.js';
import type { Vantage } from './vantage.js';

export interface Attempts {
  readonly clock: Clock;
  /** Only a missing connection is tried again. */
  readonly attempts: number;
  readonly pauseMs: number;
  readonly signal: AbortSignal;
}

/**
 * Whether the target accepts a connection; `timeoutMs` is for each attempt. Never for a ZEO server, which writes two log entries for
 * each bare connection. Rejects only when `signal` aborts.
 */
export function checkTcp(
  vantage: Vantage,
  { ip, port }: TcpTarget,
  options: Attempts & { readonly timeoutMs: number },
): Promise<TcpOutcome> {
  const order = { kind: 'tcp', ip, port, timeoutMs: options.timeoutMs } as const;
  return whileNoConnection(options, () => vantage.tcp(order, options.signal));
}

/** Repeats a probe as long as there is no connection and attempts are left. */
export async function whileNoConnection<T extends { readonly ok: boolean; readonly fault?: Fault }>(
  options: Attempts,
  probe: () => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    const outcome = await probe();
    if ((outcome.fault !== 'no-connection' && outcome.fault !== 'silent') || attempt >= options.attempts) return outcome;
    await options.clock.sleep(options.pauseMs, options.signal);
  }
}
