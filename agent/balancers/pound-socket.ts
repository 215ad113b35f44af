import { AppError } from '../../shared/errors.js';
import type { CallOptions } from '../../shared/model/agent-api.js';
import { http, type HttpResponse } from '../../shared/ports/http.js';
import type { PoundRuntime } from './pound-runtime.js';
import { parsePoundState } from './pound-state.js';

/** A running Pound (≥ 4.2), by its control socket: HTTP, one connection a request. A key with a blank or an ampersand cannot be named. */
export function createPoundSocket(socketPath: string): PoundRuntime {
  const call = async (method: 'GET' | 'PUT' | 'DELETE', path: string, options: CallOptions): Promise<HttpResponse> => {
    const timeoutMs = Math.min(options.timeoutMs, CALL_LIMIT_MS);
    try {
      const response = await http({
        method,
        url: 'http://pound/',
        rawPath: path,
        socketPath,
        timeoutMs,
        signal: options.signal,
        keepBytes: STATE_LIMIT_BYTES,
      });
      if (response.status === 200) return response;
      // Without the query: a session key is a visitor's secret.
      throw new AppError('failed', `Pound answered ${method} ${path.replace(/\?.*$/s, '')} with ${response.status}`);
    } catch (error) {
      throw explain(error, socketPath, timeoutMs);
    }
  };
  return {
    listsEmergencies: true,
    state: async (options) => parsePoundState((await call('GET', '/', options)).body),
    async switch(backend, wanted, options) {
      await call(wanted === 'in' ? 'PUT' : 'DELETE', backend.path, options);
    },
    async deleteSession(backend, key, options) {
      // Pound (4.16) compares the key with the bytes of the request as they are; it decodes nothing.
      const bytes = Buffer.from(key, 'utf8').toString('latin1');
      if (!/[\0-\x20\x7f&]/.test(bytes)) await call('DELETE', `${backend.sessionPath}?key=${bytes}`, options);
    },
  };
}

/** The slowest answer of a Pound that is not stuck: it comes at once from a free worker. */
const CALL_LIMIT_MS = 10_000;
/** Sessions make the state long: some 100 bytes each. */
const STATE_LIMIT_BYTES = 64 * 1024 * 1024;

function explain(error: unknown, socketPath: string, timeoutMs: number): unknown {
  if (!(error instanceof AppError)) return error;
  if (error.code === 'timeout') {
    return new AppError('timeout', `Pound's control socket ${socketPath} did not answer within ${timeoutMs} ms`, {
      hint: 'the control socket shares its workers with the visitors: raise WorkerMinCount in pound.cfg (the default, 5, starves)',
      cause: error,
    });
  }
  if (error.code === 'unreachable') {
    return new AppError('unreachable', `nobody answers on Pound's control socket ${socketPath}`, {
      hint: 'is Pound running, and does `control` in cluster.ini name the path of Control in pound.cfg?',
      cause: error,
    });
  }
  return error;
}
