import { messageOf } from '../../shared/errors.js';
import type { Argv, Exec } from '../../shared/ports/exec.js';

/** Why an ip does not answer the operator's ping command; null: it does, or there is no such command. Rejects only when `signal` aborts. */
export type Ping = (ip: string, signal: AbortSignal) => Promise<string | null>;

const PING_MS = 5_000;

/** Pings of one round of checks: each ip once, however many services it has. */
export function createPings(command: Argv | null, exec: Exec): Ping {
  const pings = new Map<string, Promise<string | null>>();
  return async (ip, signal) => {
    if (command === null) return null;
    const known = pings.get(ip) ?? ping(command, ip, exec, signal);
    pings.set(ip, known);
    return known;
  };
}

async function ping(command: Argv, ip: string, exec: Exec, signal: AbortSignal): Promise<string | null> {
  const line = [...command, ip].join(' ');
  try {
    const { code, signal: ended, stdout, stderr } = await exec([...command, ip], { timeoutMs: PING_MS, signal });
    if (code === 0) return null;
    const last = `${stdout}\n${stderr}`.trim().split('\n').at(-1) ?? '';
    return `${line} ended with ${code ?? ended ?? 'nothing'}${last === '' ? '' : `: ${last}`}`;
  } catch (error) {
    signal.throwIfAborted();
    return `${line}: ${messageOf(error)}`;
  }
}
