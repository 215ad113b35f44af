import { linkSignals, reasonOf } from '../abort.js';
import { AppError, messageOf } from '../errors.js';
import { addressOf } from '../model/service.js';
import type { Clock } from '../ports/clock.js';
import { connectTcp, type TcpConnection, type TcpTarget } from '../ports/tcp.js';
import { createFrameReader, frame, type FrameReader } from './frames.js';
import type { ZeoOutcome } from '../model/probe.js';
import { notConnected } from './tcp.js';

export interface ZeoProbeOptions {
  readonly clock: Clock;
  readonly connectTimeoutMs: number;
  /** From the established connection to the last byte of the answer. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/**
 * Asks a ZEO server by its own protocol: it greets first; from ZEO 4.1 on it is then asked `ruok` and describes its storages, an older
 * one gets nothing sent. Its log gets no more than ZEO writes for any connection (5 and 6: one line), and no complaint. Rejects only
 * when `signal` aborts.
 */
export async function probeZeo(target: TcpTarget, options: ZeoProbeOptions): Promise<ZeoOutcome> {
  const connecting = { timeoutMs: options.connectTimeoutMs, signal: options.signal };
  let connection: TcpConnection;
  try {
    connection = await connectTcp(target, connecting);
  } catch (error) {
    return { ...notConnected(error, target, connecting), connectMs: null };
  }
  return converse(connection, addressOf(target), options);
}

async function converse(connected: TcpConnection, address: string, options: ZeoProbeOptions): Promise<ZeoOutcome> {
  using connection = connected;
  using limit = linkSignals([options.signal], options.timeoutMs, address);
  limit.signal.addEventListener('abort', () => connection.socket.destroy(reasonOf(limit.signal)), { once: true });
  const connectMs = connection.ms;
  const start = performance.now();
  let waitingFor = 'a greeting';
  try {
    const frames = createFrameReader(connection.socket);
    const greeting = await readGreeting(frames);
    if (!answersRuok(greeting))
      return { ok: true, connectMs, ms: connectMs + performance.now() - start, greeting, storages: [], warnings: [] };
    waitingFor = 'an answer to ruok';
    connection.socket.write(frame('ruok'));
    const answer = await frames.next(MAX_STATUS_BYTES);
    if (answer === null) throw new AppError('failed', 'closed the connection instead of answering ruok');
    // What reads it is dear to load, and an agent seldom needs it.
    const { parseZeoStatus } = await import('./zeo-status.js');
    const status = parseZeoStatus(answer.toString('utf8'), options.clock.now());
    return { ok: true, connectMs, ms: connectMs + performance.now() - start, greeting, ...status };
  } catch (error) {
    if (options.signal.aborted) throw reasonOf(options.signal);
    if (limit.signal.aborted) {
      return {
        ok: false,
        fault: 'late',
        connectMs,
        why: `${address} accepted the connection, then did not send ${waitingFor} within ${options.timeoutMs} ms`,
      };
    }
    return { ok: false, fault: 'error', connectMs, why: `${address} ${messageOf(error)}` };
  }
}

async function readGreeting(frames: FrameReader): Promise<string> {
  const payload = await frames.next(MAX_GREETING_BYTES).catch((error: unknown) => {
    throw new AppError('failed', `did not greet like a ZEO server: ${messageOf(error)}`, { cause: error });
  });
  if (payload === null) throw new AppError('failed', 'closed the connection instead of greeting');
  const greeting = payload.toString('latin1');
  if (!/^[ZM]\d+$/.test(greeting)) throw new AppError('failed', `did not greet like a ZEO server, but with ${JSON.stringify(greeting)}`);
  return greeting;
}

/** `Z4`, `Z5`, `M5` and later. `Z3101` and the like are ZEO up to 4.1, of which only the last would answer. */
const answersRuok = (greeting: string) => Number(greeting.slice(1)) >= 4 && greeting.length <= 3;

const MAX_GREETING_BYTES = 64;
/** A server with thousands of storages stays far below this. */
const MAX_STATUS_BYTES = 4 * 1024 * 1024;
