import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { orAborted } from '../../shared/abort.js';
import type { CallOptions } from '../../shared/model/agent-api.js';
import type { Exec } from '../../shared/ports/exec.js';
import { notDone, unknownBackend } from './complaints.js';
import { parseConf, type ConfSource } from './pound-conf.js';
import { createPoundFiles } from './pound-files.js';
import { addressOf, placesOf, type ConfPlace } from './pound-places.js';
import { switchBackends } from './pound-switch.js';

/** What the file of a Pound wants: its backends with their addresses as Pound shows them. */
export interface PoundWanted {
  readonly source: ConfSource;
  readonly places: readonly WantedPlace[];
  readonly aliveS: number;
}

export interface WantedPlace {
  readonly address: string;
  readonly at: ConfPlace;
}

/** The part of each Pound driver that reads and writes the file; what becomes of the running Pound is its own. */
export interface PoundWantedFile {
  read(options: CallOptions): Promise<PoundWanted>;
  /**
   * Writes what is wanted of these addresses wherever they stand, and reads it back; false if it stood there already.
   * Errors: `not-found`, `config`, `conflict`, `failed`.
   */
  write(addresses: readonly string[], wanted: 'in' | 'out', options: CallOptions): Promise<boolean>;
  /** Puts the texts back that were read `before`. */
  restore(before: PoundWanted, options: CallOptions): Promise<void>;
}

export function createPoundWantedFile(exec: Exec, spec: { readonly conf: string; readonly exe: string }): PoundWantedFile {
  const files = createPoundFiles(exec, spec);

  const readAll = async (options: CallOptions) => {
    const source = await files.read(options);
    const conf = parseConf(source);
    const hosts = await resolveHosts(placesOf(conf), options.signal);
    const places = placesOf(conf).map((at) => ({ address: addressOf(at.backend, hosts), at }));
    return { source, hosts, places, aliveS: conf.aliveS };
  };

  return {
    async read(options) {
      const { source, places, aliveS } = await readAll(options);
      return { source, places, aliveS };
    },
    async write(addresses, wanted, options) {
      const { source, hosts, places } = await readAll(options);
      for (const address of addresses) if (!places.some((p) => p.address === address)) throw unknownBackend(source.path, address, places);
      const changed = switchBackends(source, (backend) => addresses.includes(addressOf(backend, hosts)), wanted);
      if (changed.size > 0) await files.write(source, changed, options);
      const after = (await readAll(options)).places.filter((p) => addresses.includes(p.address));
      const wrong = after.find((p) => p.at.backend.enabled !== (wanted === 'in'));
      if (wrong !== undefined) throw notDone(source.path, wrong.address, wanted, wrong.at.place);
      return changed.size > 0;
    },
    async restore(before, options) {
      const now = await files.read(options);
      const changed = [...before.source.files].filter(([path, text]) => now.files.get(path) !== text);
      if (changed.length > 0) await files.write(now, new Map(changed), options);
    },
  };
}

/** Pound shows the addresses that it found for the host names of its file. A name that leads nowhere stays as it is. */
async function resolveHosts(places: readonly ConfPlace[], signal: AbortSignal): Promise<ReadonlyMap<string, string>> {
  const hosts = new Set(places.map((p) => p.backend.host));
  const names = [...hosts].filter((host) => host !== '' && !host.startsWith('/') && isIP(host.replace(/^\[(.*)\]$/, '$1')) === 0);
  const found = await orAborted(Promise.all(names.map(async (host) => [host, await ipOfHost(host)] as const)), signal);
  return new Map(found);
}

const ipOfHost = (host: string): Promise<string> =>
  lookup(host).then(
    ({ address }) => address,
    () => host,
  );
