import type { Backend } from '../../shared/model/balancer.js';
import { joinAddress, type ConfBackend, type PoundConf } from './pound-conf.js';
import type { PoundBackend } from './pound-state.js';

/** A backend of the file with the place where it stands. */
export interface ConfPlace {
  readonly listener: string | null;
  readonly service: string | null;
  /** For people: `listener/service`, by name where there is one. */
  readonly place: string;
  readonly backend: ConfBackend;
}

/** All backends of the file in its order. */
export function placesOf(conf: PoundConf): ConfPlace[] {
  const parents = [
    ...conf.listeners.map((l) => ({ name: l.name, label: l.name ?? l.address, services: l.services })),
    { name: null, label: '-', services: conf.services },
  ];
  return parents.flatMap(({ name, label, services }) =>
    services.flatMap((service, s) =>
      service.backends.map((backend) => ({ listener: name, service: service.name, place: `${label}/${service.name ?? s}`, backend })),
    ),
  );
}

/** `ip:port` as Pound shows it; `ipOf` knows the host names of the file. */
export const addressOf = (backend: ConfBackend, ipOf: ReadonlyMap<string, string>): string =>
  joinAddress(ipOf.get(backend.host) ?? backend.host.replace(/^\[(.*)\]$/, '$1'), backend.port);

/**
 * Puts what the file says beside what the running Pound says, in the order of the file. Places of one kind with
 * equal names belong together; the rest of one address is paired in order, since Pound keeps the order of its file.
 */
export function joinStates(
  file: readonly { readonly address: string; readonly at: ConfPlace }[],
  running: readonly PoundBackend[],
): Backend[] {
  const free = new Set(running);
  const pairs = new Map<ConfPlace, PoundBackend>();
  for (const same of [sameNames, sameKind, () => true]) {
    for (const { address, at } of file) {
      const match = pairs.has(at) ? undefined : [...free].find((r) => r.address === address && same(at, r));
      if (match === undefined) continue;
      pairs.set(at, match);
      free.delete(match);
    }
  }
  return [
    ...file.map(({ address, at }) => ({
      address,
      place: at.place,
      inFile: at.backend.enabled ? ('in' as const) : ('out' as const),
      ...runningPart(pairs.get(at)),
    })),
    ...[...free].map((r) => ({ address: r.address, place: r.place, inFile: 'absent' as const, ...runningPart(r) })),
  ];
}

const sameKind = (at: ConfPlace, r: PoundBackend): boolean => (at.backend.kind === 'emergency') === r.emergency;
const sameNames = (at: ConfPlace, r: PoundBackend): boolean => at.listener === r.listener && at.service === r.service && sameKind(at, r);

/** Pound counts no requests per backend. */
const runningPart = (r: PoundBackend | undefined): Pick<Backend, 'inRuntime' | 'alive' | 'sessions' | 'inFlight'> =>
  r === undefined
    ? { inRuntime: 'absent', alive: false, sessions: 0, inFlight: null }
    : { inRuntime: r.enabled ? 'in' : 'out', alive: r.alive, sessions: r.sessions.length, inFlight: null };
