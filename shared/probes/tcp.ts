import { reasonOf } from '../abort.js';
import { AppError } from '../errors.js';
import type { TcpOutcome } from '../model/probe.js';
import { addressOf } from '../model/service.js';
import { connectTcp, type TcpTarget } from '../ports/tcp.js';

export interface ProbeLimit {
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/**
 * Whether the target accepts a connection. Never for a ZEO server, which writes two log entries for each bare connection. Rejects only
 * when `signal` aborts.
 */
export async function probeTcp(target: TcpTarget, options: ProbeLimit): Promise<TcpOutcome> {
  try {
    using connection = await connectTcp(target, options);
    return { ok: true, ms: connection.ms };
  } catch (error) {
    return notConnected(error, target, options);
  }
}

/** The outcome of a failed `connectTcp`; throws if it failed because the caller went away, or by a defect of ours. */
export function notConnected(error: unknown, target: TcpTarget, options: ProbeLimit): Extract<TcpOutcome, { ok: false }> {
  if (options.signal.aborted) throw reasonOf(options.signal);
  if (!(error instanceof AppError)) throw error;
  if (error.code === 'timeout')
    return { ok: false, fault: 'silent', why: `no connection to ${addressOf(target)} within ${options.timeoutMs} ms` };
  return { ok: false, fault: error.code === 'failed' ? 'unmeasurable' : 'no-connection', why: error.message };
}
