import { AppError } from '../../shared/errors.js';

/** What `GET /` on the control socket answers, as far as balancing goes. */
export interface PoundState {
  readonly version: string;
  readonly backends: readonly PoundBackend[];
}

export interface PoundBackend {
  /** Path of the object: `/listener/L/S/B`, or `/service/S/B` for a service outside of any listener. Good until Pound restarts. */
  readonly path: string;
  /** Path of its service among the sessions: `/session/L/S`. */
  readonly sessionPath: string;
  readonly listener: string | null;
  readonly service: string | null;
  /** For people: `listener/service`, by name where there is one. */
  readonly place: string;
  readonly address: string;
  /** Pound lists the emergency backends of a service behind the others. */
  readonly emergency: boolean;
  readonly enabled: boolean;
  readonly alive: boolean;
  /** Keys of the sticky sessions that are bound to it; with emergency backends in its service, also of some that may be bound to another. */
  readonly sessions: readonly string[];
}

/**
 * Reads the JSON of Pound 4.2 and later. From 4.18 each object carries its `kind` and the data of the process are under `core`.
 * Backends that are not addresses (redirects, errors, the control socket itself) are left out.
 */
export function parsePoundState(json: string): PoundState {
  const root = objectOf(parseJson(json));
  if (!Array.isArray(root.listeners))
    throw new AppError('failed', `Pound answered something that is no list of listeners: ${json.slice(0, 80)}`);
  const core = root.core === undefined ? root : objectOf(root.core);
  return {
    version: textOf(core.version) ?? 'unknown',
    backends: [
      ...objectsOf(root.listeners).flatMap((listener, l) => {
        const label = textOf(listener.name) ?? textOf(listener.address) ?? String(l);
        return servicesOf(listener.services, {
          path: `/listener/${l}`,
          sessionPath: `/session/${l}`,
          name: textOf(listener.name),
          label,
        });
      }),
      ...servicesOf(root.services, { path: '/service', sessionPath: '/session/-', name: null, label: '-' }),
    ],
  };
}

interface Parent {
  readonly path: string;
  readonly sessionPath: string;
  readonly name: string | null;
  readonly label: string;
}

function servicesOf(value: unknown, parent: Parent): PoundBackend[] {
  return objectsOf(value).flatMap((service, s) => {
    const name = textOf(service.name);
    const sessions = objectsOf(service.sessions);
    const backends = objectsOf(service.backends);
    return backends.flatMap((backend, b) => {
      // Pound (seen with 4.16) adds to the index of a session's backend the number of all backends in the groups behind its own.
      const behind = backends.filter((other) => weightOf(other) > weightOf(backend)).length;
      const isBound = (session: Json) => session.backend === b || session.backend === b + behind;
      const address = textOf(backend.address);
      if (address === null || (backend.type ?? 'backend') !== 'backend') return [];
      return [
        {
          path: `${parent.path}/${s}/${b}`,
          sessionPath: `${parent.sessionPath}/${s}`,
          listener: parent.name,
          service: name,
          place: `${parent.label}/${name ?? s}`,
          address,
          emergency: backend.weight === EMERGENCY_WEIGHT,
          enabled: backend.enabled === true,
          alive: backend.alive === true,
          sessions: sessions.filter(isBound).map((session) => textOf(session.key) ?? ''),
        },
      ];
    });
  });
}

const EMERGENCY_WEIGHT = 65535;
const weightOf = (backend: Json): number => (typeof backend.weight === 'number' ? backend.weight : 0);

type Json = Readonly<Record<string, unknown>>;

function parseJson(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch (error) {
    throw new AppError('failed', `Pound answered something that is no JSON: ${json.slice(0, 80)}`, { cause: error });
  }
}

const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value);
const objectOf = (value: unknown): Json => (isObject(value) ? value : {});
const objectsOf = (value: unknown): Json[] => (Array.isArray(value) ? value.map(objectOf) : []);
const textOf = (value: unknown): string | null => (typeof value === 'string' && value !== '' ? value : null);
