import { AppError, messageOf } from '../../shared/errors.js';
import { http } from '../../shared/ports/http.js';
import { decodeAnswer, encodeCall, type RpcAnswer } from './xml-rpc.js';

/**
 * One call of a supervisord, by XML-RPC over its unix socket. A fault is an answer, not an error.
 * Errors: `unreachable` (no supervisord there, or we may not connect), `denied` (it wants a password), `timeout`, `cancelled`, `failed`.
 */
export type SupervisorRpc = (method: string, params: readonly (string | number | boolean)[], signal: AbortSignal) => Promise<RpcAnswer>;

/** Faults that say how things stand rather than that something is wrong. */
export const FAULT = { unknownMethod: 1, badName: 10, noFile: 20, notExecutable: 21, alreadyStarted: 60, notRunning: 70 } as const;

export function createSupervisorRpc(socket: string): SupervisorRpc {
  return async (method, params, signal) => {
    const response = await http({
      method: 'POST',
      url: 'http://localhost/RPC2',
      socketPath: socket,
      headers: { 'content-type': 'text/xml' },
      body: encodeCall(`supervisor.${method}`, params),
      timeoutMs: TIMEOUT_MS,
      signal,
      keepBytes: KEEP_BYTES,
    }).catch((error: unknown) => {
      if (!(error instanceof AppError) || error.code !== 'unreachable') throw error;
      throw new AppError('unreachable', `supervisor does not answer at ${socket}: ${messageOf(error.cause)}`, {
        cause: error,
        hint: messageOf(error.cause).includes('EACCES')
          ? 'run the agent as root, or see chmod and chown of [unix_http_server] in supervisord.conf'
          : 'is supervisord running, and is socket of [supervisor] in agent.ini its file of [unix_http_server]?',
      });
    });
    if (response.status === 401) {
      throw new AppError('denied', `supervisor at ${socket} wants a user name and a password`, {
        hint: 'protect its socket by chmod and chown instead of username and password, in [unix_http_server] of supervisord.conf',
      });
    }
    if (response.status !== 200) throw new AppError('failed', `supervisor at ${socket} answered HTTP ${response.status} to ${method}`);
    try {
      return decodeAnswer(response.body);
    } catch (error) {
      throw new AppError('failed', `supervisor at ${socket} answered ${method} with ${messageOf(error)}`, { cause: error });
    }
  };
}

/** It answers at once, unless it hangs. */
const TIMEOUT_MS = 5_000;
const KEEP_BYTES = 256 * 1024;
