import { throwIfAborted } from '../../shared/abort.js';
import { messageOf } from '../../shared/errors.js';
import type { Connection } from '../../shared/model/agent-api.js';
import { measured, unmeasured, type Measured } from '../../shared/model/observation.js';
import type { Exec } from '../../shared/ports/exec.js';
import { formatEnd, isLocalAddress, plainAddress } from './addresses.js';
import { readSockets } from './proc-net.js';
import { parseSs, type LocalConnection } from './ss.js';

export { listens } from './proc-net.js';

/** The established connections to a service of this host, seen from the service's side. */
export type Connections = (
  service: { readonly ip: string; readonly port: number },
  signal: AbortSignal,
) => Promise<Measured<{ readonly connections: readonly Connection[] }>>;

/**
 * By `ss`, which knows the silence of each connection and filters in the kernel (4 ms); without it by /proc/net, which knows
 * neither: then no connection counts as silent or answered.
 */
export function createConnections(exec: Exec): Connections {
  return async (service, signal) => {
    try {
      const all = (await bySs(exec, service.port, signal)) ?? (await byProc(service.port));
      const ip = plainAddress(service.ip);
      const ours = isLocalAddress(ip) ? all.filter(({ local }) => plainAddress(local) === ip) : all;
      return measured({ connections: ours.map(({ peer, silentMs, pending }) => ({ peer, silentMs, pending })) });
    } catch (error) {
      throwIfAborted(signal);
      return unmeasured(`connections to port ${service.port} cannot be read: ${messageOf(error)}`);
    }
  };
}

/** null: there is no usable `ss` here. */
async function bySs(exec: Exec, port: number, signal: AbortSignal): Promise<LocalConnection[] | null> {
  const argv = ['ss', '-tinH', 'state', 'established', 'state', 'close-wait', `( sport = :${port} )`] as const;
  const run = await exec(argv, { timeoutMs: SS_TIMEOUT_MS, signal, keepBytes: KEEP_BYTES }).catch((error: unknown) => {
    throwIfAborted(signal);
    if (error instanceof Error && error.message.includes('no such program')) return null;
    throw error;
  });
  if (run?.code !== 0) return null;
  if (run.truncated) throw new Error(`more than ${KEEP_BYTES} bytes of connections`);
  return parseSs(run.stdout);
}

async function byProc(port: number): Promise<LocalConnection[]> {
  const sockets = await readSockets();
  return sockets
    .filter(({ local, state }) => local.port === port && (state === 'established' || state === 'close-wait'))
    .map(({ local, peer }) => ({ local: local.address, peer: formatEnd(peer.address, peer.port), silentMs: null, pending: true }));
}

const SS_TIMEOUT_MS = 5_000;
/** Some 20,000 connections. */
const KEEP_BYTES = 8 * 1024 * 1024;
