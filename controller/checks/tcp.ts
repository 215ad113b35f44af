import { addressOf } from '../../shared/model/service.js';
import { reasonOf } from '../../shared/abort.js';
import { AppError } from '../../shared/errors.js';
import type { Clock } from '../../shared/ports/clock.js';
import { connectTcp, type TcpTarget } from '../../shared/ports/tcp.js';
import type { Fault, TcpOutcome } from './outcome.js';

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
export function checkTcp(target: TcpTarget, options: Attempts & { readonly timeoutMs: number }): Promise<TcpOutcome> {
  return whileNoConnection(options, () => connectOnce(target, options));
}

/** Repeats a probe as long as it ends with `no-connection` and attempts are left. */
export async function whileNoConnection<T extends { readonly ok: boolean; readonly fault?: Fault }>(
  options: Attempts,
  probe: () => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    const outcome = await probe();
    if (outcome.fault !== 'no-connection' || attempt >= options.attempts) return outcome;
    await options.clock.sleep(options.pauseMs, options.signal);
  }
}

async function connectOnce(target: TcpTarget, options: { readonly timeoutMs: number; readonly signal: AbortSignal }): Promise<TcpOutcome> {
  try {
    using connection = await connectTcp(target, options);
    return { ok: true, ms: connection.ms };
  } catch (error) {
    return notConnected(error, target, options);
  }
}

/** The outcome of a failed `connectTcp`; throws if it failed because the caller went away, or by a defect of ours. */
export function notConnected(
  error: unknown,
  target: TcpTarget,
  options: { readonly timeoutMs: number; readonly signal: AbortSignal },
): Extract<TcpOutcome, { ok: false }> {
  if (options.signal.aborted) throw reasonOf(options.signal);
  if (!(error instanceof AppError)) throw error;
  if (error.code === 'timeout')
    return { ok: false, fault: 'no-connection', why: `no connection to ${addressOf(target)} within ${options.timeoutMs} ms` };
  return { ok: false, fault: error.code === 'failed' ? 'unmeasurable' : 'no-connection', why: error.message };
}
