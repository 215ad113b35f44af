import { reasonOf } from '../abort.js';
import { AppError, isErrno } from '../errors.js';
import type { HttpOutcome } from '../model/probe.js';
import { http } from '../ports/http.js';
import { saysNothingOfTheOtherSide } from '../ports/tcp.js';
import type { ProbeLimit } from './tcp.js';

/**
 * Fetches a page to its last byte, on a connection of its own, without following a redirect; what takes longer than `timeoutMs` in all is
 * `late`. `authorization` is the header of that name, '' for none. Rejects only when `signal` aborts.
 */
export async function probeHttp(url: string, authorization: string, options: ProbeLimit): Promise<HttpOutcome> {
  const timeoutMs = Math.ceil(options.timeoutMs);
  const headers = authorization === '' ? {} : { authorization };
  try {
    const { status, ms, bytes } = await http({ url, headers, timeoutMs, signal: options.signal });
    if (status < 400) return { ok: true, status, ms, bytes };
    return { ok: false, fault: 'error', status, why: `${url} answered with status ${status}${status === 401 ? UNAUTHORIZED : ''}` };
  } catch (error) {
    if (options.signal.aborted) throw reasonOf(options.signal);
    if (!(error instanceof AppError)) throw error;
    return failure(error, url, timeoutMs);
  }
}

const UNAUTHORIZED = ' (look at login and passwd in [connect])';

function failure(error: AppError, url: string, timeoutMs: number): HttpOutcome {
  if (error.code === 'timeout') return { ok: false, fault: 'late', why: `${url} did not answer within ${timeoutMs} ms` };
  if (saysNothingOfTheOtherSide(error.cause)) return { ok: false, fault: 'unmeasurable', why: error.message };
  if (isErrno(error.cause, 'ECONNREFUSED')) return { ok: false, fault: 'no-connection', why: error.message };
  return { ok: false, fault: 'error', why: error.message };
}
