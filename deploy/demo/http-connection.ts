import { connect, type Socket } from 'node:net';
import { messageOf } from '../../shared/errors.js';
import { createAnswerReader, type Answer, type AnswerReader } from './http-answer.js';

/** How one request on one connection ended. */
export type Exchange =
  | { readonly kind: 'answer'; readonly answer: Answer; readonly ms: number }
  /** The connection broke before the first byte of an answer, `ms` after the request had been written. */
  | { readonly kind: 'unanswered'; readonly why: string; readonly ms: number }
  | { readonly kind: 'failed'; readonly why: string; readonly ms: number };

/** One HTTP/1.1 connection that carries one request after the other. */
export interface HttpConnection {
  /** One request, and all of its answer. Never rejects. One at a time. */
  get(path: string, options: { readonly close: boolean }): Promise<Exchange>;
  /** False once either side has closed it: the next request needs another connection. */
  readonly open: boolean;
  /** Answers that came over it. */
  readonly answers: number;
  /** Bytes arrived that nobody had asked for. */
  readonly unasked: string | null;
  close(): void;
}

export interface ConnectionOptions {
  readonly host: string;
  readonly port: number;
  /** What goes into the Host header. */
  readonly authority: string;
  /** Further headers, whole lines without their end. */
  readonly headerLines: readonly string[];
  /** For the connecting as well as for each exchange. */
  readonly timeoutMs: number;
}

/** Rejects if nobody accepts the connection. */
export async function openConnection(options: ConnectionOptions): Promise<HttpConnection> {
  const socket = await connected(options);
  let waiting: Waiting | null = null;
  let answers = 0;
  let open = true;
  let unasked: string | null = null;

  const settle = (outcome: Outcome) => {
    if (waiting === null) return;
    const { resolve, timer, startedAt } = waiting;
    waiting = null;
    clearTimeout(timer);
    resolve({ ...outcome, ms: performance.now() - startedAt });
  };
  const shut = () => {
    open = false;
    socket.destroy();
  };
  const broken = (how: string) => {
    open = false;
    if (waiting === null) return;
    const { reader } = waiting;
    if (reader.bytes === 0) {
      settle({ kind: 'unanswered', why: how });
      return;
    }
    settle({ kind: 'failed', why: `the answer was cut off after ${reader.bytes} bytes: ${how}` });
  };

  socket.on('data', (chunk: Buffer) => {
    if (waiting === null) {
      unasked = `${chunk.length} bytes that nobody had asked for`;
      shut();
      return;
    }
    const { reader } = waiting;
    try {
      const answer = reader.take(chunk);
      if (answer === null) return;
      answers++;
      if (!answer.keepAlive) shut();
      if (reader.surplus > 0) {
        shut();
        settle({ kind: 'failed', why: `${reader.surplus} bytes after the end of the answer` });
        return;
      }
      settle({ kind: 'answer', answer });
    } catch (error) {
      shut();
      settle({ kind: 'failed', why: messageOf(error) });
    }
  });
  socket.on('end', () => {
    const answer = waiting?.reader.end() ?? null;
    open = false;
    if (answer === null) {
      broken('the server closed the connection');
      return;
    }
    answers++;
    settle({ kind: 'answer', answer });
  });
  socket.on('error', (error) => broken(messageOf(error)));
  socket.on('close', () => broken('the connection closed'));

  return {
    get: (path, { close }) =>
      new Promise((resolve) => {
        const timer = setTimeout(() => {
          shut();
          settle({ kind: 'failed', why: `no whole answer within ${options.timeoutMs} ms` });
        }, options.timeoutMs);
        waiting = { reader: createAnswerReader(), resolve, timer, startedAt: performance.now() };
        if (!open) {
          broken('the connection had been closed');
          return;
        }
        const lines = [
          `GET ${path} HTTP/1.1`,
          `Host: ${options.authority}`,
          `Connection: ${close ? 'close' : 'keep-alive'}`,
          ...options.headerLines,
        ];
        socket.write(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
      }),
    get open() {
      return open;
    },
    get answers() {
      return answers;
    },
    get unasked() {
      return unasked;
    },
    close: shut,
  };
}

interface Waiting {
  readonly reader: AnswerReader;
  readonly resolve: (exchange: Exchange) => void;
  readonly timer: NodeJS.Timeout;
  readonly startedAt: number;
}

type Outcome = { kind: 'answer'; answer: Answer } | { kind: 'unanswered' | 'failed'; why: string };

function connected(options: ConnectionOptions): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: options.host, port: options.port, noDelay: true });
    const timer = setTimeout(() => socket.destroy(new Error(`no connection within ${options.timeoutMs} ms`)), options.timeoutMs);
    socket.once('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
    socket.once('connect', () => {
      clearTimeout(timer);
      socket.removeAllListeners('error');
      resolve(socket);
    });
  });
}
