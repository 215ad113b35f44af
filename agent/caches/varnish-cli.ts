import { createHash } from 'node:crypto';
import type { Socket } from 'node:net';
import { linkSignals, orAborted } from '../../shared/abort.js';
import { AppError } from '../../shared/errors.js';
import { connectTcp, type TcpTarget } from '../../shared/ports/tcp.js';

export interface CliAnswer {
  readonly status: number;
  readonly text: string;
}

/** The management port of a Varnish (varnish-cli(7)), for as long as `work` takes. */
export interface VarnishCli {
  /** One command; the words are quoted as they have to be. */
  send(words: readonly string[]): Promise<CliAnswer>;
}

export interface CliOptions {
  /** The content of its secret file; null: there is none. */
  readonly secret: Buffer | null;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** Errors: `unreachable`, `denied` (the secret is not its own), `timeout`, `cancelled`, `failed` (it speaks something else). */
export async function withVarnish<T>(target: TcpTarget, options: CliOptions, work: (cli: VarnishCli) => Promise<T>): Promise<T> {
  using linked = linkSignals([options.signal], options.timeoutMs, `the management port of Varnish, ${target.ip}:${target.port}`);
  using connection = await connectTcp(target, { timeoutMs: options.timeoutMs, signal: linked.signal });
  const { socket } = connection;
  const read = createAnswers(socket);
  const send = async (line: string): Promise<CliAnswer> => {
    socket.write(`${line}\n`);
    return orAborted(read(), linked.signal);
  };
  const greeting = await orAborted(read(), linked.signal);
  if (greeting.status === AUTH_NEEDED) await authenticate(greeting.text, options.secret, send);
  else if (greeting.status !== OK) throw new AppError('failed', `Varnish greets with status ${greeting.status}`);
  return await work({ send: (words) => send(words.map(quote).join(' ')) });
}

const OK = 200;
const AUTH_NEEDED = 107;

/** The answer to a challenge is a hash over it and the secret; the secret itself never leaves this host. */
async function authenticate(text: string, secret: Buffer | null, send: (line: string) => Promise<CliAnswer>): Promise<void> {
  const challenge = text.slice(0, 32);
  if (!/^[a-z]{32}$/.test(challenge)) throw new AppError('failed', 'Varnish sent a challenge that is none');
  if (secret === null) {
    throw new AppError('denied', 'Varnish wants to be answered with its secret', { hint: 'set secret_file in its section of cluster.ini' });
  }
  const answer = createHash('sha256').update(`${challenge}\n`).update(secret).update(`${challenge}\n`).digest('hex');
  if ((await send(`auth ${answer}`)).status === OK) return;
  throw new AppError('denied', 'Varnish does not take this secret', {
    hint: 'is secret_file the file that varnishd was started with (-S)?',
  });
}

/** Words of the command line of Varnish are like strings of C. */
const quote = (word: string): string =>
  /^[\w.~=&!-]+$/.test(word) ? word : `"${word.replaceAll(/[\\"]/g, '\\$&').replaceAll('\n', '\\n')}"`;

/** Answers one after the other: a line of status and length, the text, a newline. */
function createAnswers(socket: Socket): () => Promise<CliAnswer> {
  const chunks = socket[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  let held: Buffer = Buffer.alloc(0);

  async function take(bytes: number): Promise<Buffer> {
    while (held.length < bytes) {
      const next = await chunks.next();
      if (next.done === true) throw new AppError('failed', 'Varnish closed the connection instead of answering');
      held = Buffer.concat([held, next.value]);
    }
    const taken = held.subarray(0, bytes);
    held = held.subarray(bytes);
    return taken;
  }

  return async () => {
    const header = (await take(HEADER_BYTES)).toString('latin1');
    const [, status, length] = /^(\d{3}) (\d+) *\n$/.exec(header) ?? [];
    if (status === undefined || length === undefined || Number(length) > MAX_BYTES)
      throw new AppError('failed', `not an answer of Varnish: ${JSON.stringify(header)}`);
    const text = (await take(Number(length) + 1)).toString('utf8').slice(0, -1);
    return { status: Number(status), text };
  };
}

const HEADER_BYTES = 13;
const MAX_BYTES = 1024 * 1024;
