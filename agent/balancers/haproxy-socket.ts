import { connect } from 'node:net';
import { linkSignals, reasonOf } from '../../shared/abort.js';
import { AppError, isErrno, messageOf } from '../../shared/errors.js';
import type { CallOptions } from '../../shared/model/agent-api.js';

/** The stats socket of a HAProxy: a line with commands goes up, their answers come down, one connection a line. */
export interface HaproxySocket {
  /** Each answer ends with an empty line; HAProxy closes behind the last one. */
  ask(commands: readonly string[], options: CallOptions): Promise<string>;
}

/** Errors: `unreachable`, `timeout`, `denied` (the socket has a lower level than the command needs), `failed`. */
export function createHaproxySocket(path: string): HaproxySocket {
  return {
    async ask(commands, options) {
      const timeoutMs = Math.min(options.timeoutMs, CALL_LIMIT_MS);
      using linked = linkSignals([options.signal], timeoutMs, 'the stats socket');
      try {
        const answer = await exchange(path, `${commands.join(';')}\n`, linked.signal);
        if (!/^Permission denied$/m.test(answer)) return answer;
        throw new AppError('denied', `HAProxy's stats socket ${path} does not allow "${commands.join('; ')}"`, {
          hint: `write "stats socket ${path} level admin" in its global section`,
        });
      } catch (error) {
        throw explain(error, path, timeoutMs, options);
      }
    },
  };
}

/** The slowest answer of a HAProxy that is not stuck. */
const CALL_LIMIT_MS = 10_000;
/** A stick table can be long: some 100 bytes each entry. */
const ANSWER_LIMIT_BYTES = 64 * 1024 * 1024;

function exchange(path: string, line: string, signal: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    const socket = connect({ path });
    const onAbort = () => end(reasonOf(signal));
    const end = (error: Error | null) => {
      signal.removeEventListener('abort', onAbort);
      socket.destroy();
      if (error === null) resolve(Buffer.concat(chunks).toString('utf8'));
      else reject(error);
    };
    if (signal.aborted) {
      onAbort();
      return;
    }
    signal.addEventListener('abort', onAbort, { once: true });
    socket.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > ANSWER_LIMIT_BYTES) end(new AppError('failed', `HAProxy answered more than ${ANSWER_LIMIT_BYTES} bytes on ${path}`));
      else chunks.push(chunk);
    });
    socket.once('end', () => end(null));
    // A connection that breaks leaves an answer of which nobody knows how much is missing.
    socket.once('error', (error) => end(error));
    socket.once('connect', () => socket.write(line));
  });
}

function explain(error: unknown, path: string, timeoutMs: number, options: CallOptions): unknown {
  if (error instanceof AppError && error.code !== 'timeout') return error;
  if (options.signal.aborted) return reasonOf(options.signal);
  if (error instanceof AppError) {
    return new AppError('timeout', `HAProxy's stats socket ${path} did not answer within ${timeoutMs} ms`, {
      hint: 'look at the process: is it stopped, or at 100 %?',
      cause: error,
    });
  }
  if (isErrno(error, 'ECONNREFUSED', 'ENOENT', 'EACCES', 'ENOTSOCK')) {
    return new AppError('unreachable', `nobody answers on HAProxy's stats socket ${path}`, {
      hint: 'is HAProxy running, and does `control` in cluster.ini name its "stats socket"?',
      cause: error,
    });
  }
  return new AppError('failed', `HAProxy's stats socket ${path}: ${messageOf(error)}`, { cause: error });
}
