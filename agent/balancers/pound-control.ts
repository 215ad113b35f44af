import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { linkSignals, orAborted } from '../../shared/abort.js';
import { AppError } from '../../shared/errors.js';
import type { BackendOrder, CallOptions } from '../../shared/model/agent-api.js';
import type { Exec } from '../../shared/ports/exec.js';
import type { BalancerSpec } from '../../shared/model/service.js';
import type { BalancerDriver } from './balancer.js';
import { parseConf, type ConfSource } from './pound-conf.js';
import { createPoundFiles } from './pound-files.js';
import { addressOf, joinStates, placesOf, type ConfPlace } from './pound-places.js';
import { createPoundSocket } from './pound-socket.js';
import type { PoundBackend } from './pound-state.js';
import { switchBackends } from './pound-switch.js';
import { createTurns } from './turns.js';

/**
 * Pound ≥ 4.2 by its control socket: no restart, ever.
 *
 * Nothing is written before the control socket has answered once. Then the file comes before the running Pound: after a crash in
 * between, a Pound that starts again comes up as wanted.
 */
export function createPoundControl(name: string, spec: BalancerSpec, exec: Exec): BalancerDriver {
  const files = createPoundFiles(exec, spec);
  const socket = createPoundSocket(spec.control);

  const runningAt = async (address: string, options: CallOptions): Promise<PoundBackend[]> => {
    const { backends } = await socket.state(options);
    const found = backends.filter((backend) => backend.address === address);
    if (found.length > 0) return found;
    throw unknown('the running Pound', address, backends);
  };

  const writeFile = async ({ address, wanted }: BackendOrder, options: CallOptions): Promise<void> => {
    const source = await files.read(options);
    const ipOf = await resolveHosts(source, options.signal);
    const places = inFile(source, ipOf);
    if (!places.some((p) => p.address === address)) throw unknown(source.path, address, places);
    const changed = switchBackends(source, (backend) => addressOf(backend, ipOf) === address, wanted);
    if (changed.size > 0) await files.write(source, changed, options);
    const wrong = inFile(await files.read(options), ipOf).find((p) => p.address === address && p.at.backend.enabled !== (wanted === 'in'));
    if (wrong !== undefined) throw notDone(source.path, address, wanted, wrong.at.place);
  };

  const tellPound = async ({ address, wanted }: BackendOrder, options: CallOptions): Promise<void> => {
    const isWanted = (backend: PoundBackend) => backend.enabled === (wanted === 'in');
    for (const backend of (await runningAt(address, options)).filter((b) => !isWanted(b))) await socket.switch(backend, wanted, options);
    const after = await runningAt(address, options);
    const wrong = after.find((backend) => !isWanted(backend));
    if (wrong !== undefined) throw notDone('the running Pound', address, wanted, wrong.place);
    if (wanted === 'out' && spec.sessions === 'delete') await deleteSessions(after, options);
  };

  /** Those that cannot be deleted show in the state, and end when the backend stops: whoever drains it sees their traffic. */
  const deleteSessions = async (backends: readonly PoundBackend[], options: CallOptions): Promise<void> => {
    for (const backend of backends) {
      for (const key of backend.sessions) await socket.deleteSession(backend, key, options);
    }
  };

  return {
    async state(options) {
      using linked = linkSignals([options.signal], options.timeoutMs, `reading the state of ${name}`);
      const bounded = { ...options, signal: linked.signal };
      const running = await socket.state(bounded);
      const source = await files.read(bounded);
      const places = inFile(source, await resolveHosts(source, linked.signal));
      return {
        name,
        driver: 'pound-control',
        version: running.version,
        aliveIntervalS: parseConf(source).aliveS,
        backends: joinStates(places, running.backends),
      };
    },

    async set(order, options) {
      using linked = linkSignals([options.signal], options.timeoutMs, `taking ${order.address} ${order.wanted} on ${name}`);
      const bounded = { ...options, signal: linked.signal };
      await turns.take(spec.conf, linked.signal, async () => {
        await runningAt(order.address, bounded);
        await writeFile(order, bounded);
        await tellPound(order, bounded);
      });
    },
  };
}

/** One for all drivers of this process: two that edit one file must not meet. */
const turns = createTurns();

type InFile = { readonly address: string; readonly at: ConfPlace };

const inFile = (source: ConfSource, ipOf: ReadonlyMap<string, string>): InFile[] =>
  placesOf(parseConf(source)).map((at) => ({ address: addressOf(at.backend, ipOf), at }));

/** Pound shows the addresses that it found for the host names of its file. A name that leads nowhere stays as it is. */
async function resolveHosts(source: ConfSource, signal: AbortSignal): Promise<ReadonlyMap<string, string>> {
  const hosts = new Set(placesOf(parseConf(source)).map((p) => p.backend.host));
  const names = [...hosts].filter((host) => host !== '' && !host.startsWith('/') && isIP(host.replace(/^\[(.*)\]$/, '$1')) === 0);
  const found = await orAborted(Promise.all(names.map(async (host) => [host, await ipOfHost(host)] as const)), signal);
  return new Map(found);
}

const ipOfHost = (host: string): Promise<string> =>
  lookup(host).then(
    ({ address }) => address,
    () => host,
  );

function unknown(where: string, address: string, known: readonly { readonly address: string }[]): AppError {
  const addresses = [...new Set(known.map((k) => k.address))].join(', ');
  return new AppError('not-found', `${where} has no backend ${address}`, {
    hint: addresses === '' ? 'it has no backends at all' : `it has ${addresses}`,
  });
}

const notDone = (where: string, address: string, wanted: 'in' | 'out', place: string): AppError =>
  new AppError('failed', `${where} still has ${address} ${wanted === 'in' ? 'out' : 'in'} in ${place}`);
