import type { ConfService, PoundConf } from '../../../agent/balancers/pound-conf.js';
import { addressOf } from '../../../agent/balancers/pound-places.js';

/** A backend as the stand-in runs it. */
export interface StandinBackend {
  readonly address: string;
  readonly emergency: boolean;
  enabled: boolean;
  alive: boolean;
}

export interface StandinService {
  readonly name: string | null;
  readonly sessionType: string;
  readonly sessionId: string;
  readonly backends: readonly StandinBackend[];
  /** Key of a sticky session → index of its backend; null where the service has no sessions. */
  readonly sessions: Map<string, number> | null;
  /**
   * Whom the next request goes to. A sticky session stays with its backend even when that is disabled, as Pound has it;
   * the others take turns among the enabled and alive, the emergency ones last. null: nobody is left.
   */
  pick(sessionKey: string | null): StandinBackend | null;
}

export interface StandinListener {
  readonly name: string | null;
  readonly address: string;
  readonly kind: 'http' | 'https' | 'control';
  readonly services: readonly StandinService[];
}

export interface StandinState {
  readonly listeners: readonly StandinListener[];
  readonly services: readonly StandinService[];
}

export function createState(conf: PoundConf): StandinState {
  return {
    listeners: conf.listeners.map((l) => ({ ...l, services: l.services.map(createService) })),
    services: conf.services.map(createService),
  };
}

function createService(conf: ConfService): StandinService {
  // Pound lists the emergency ones behind the others.
  const ordered = ['backend', 'emergency'].flatMap((kind) => conf.backends.filter((backend) => backend.kind === kind));
  const backends = ordered.map((backend) => ({
    address: addressOf(backend, new Map()),
    emergency: backend.kind === 'emergency',
    enabled: backend.enabled,
    alive: true,
  }));
  const sessions = conf.session === null ? null : new Map<string, number>();
  let turn = 0;
  const next = (): StandinBackend | null => {
    const usable = backends.filter((b) => b.enabled && b.alive);
    const regular = usable.filter((b) => !b.emergency);
    const among = regular.length > 0 ? regular : usable;
    return among[turn++ % Math.max(among.length, 1)] ?? null;
  };
  return {
    name: conf.name,
    sessionType: conf.session?.type ?? 'NONE',
    sessionId: conf.session?.id ?? '',
    backends,
    sessions,
    pick(sessionKey) {
      const bound = sessionKey === null ? undefined : backends[sessions?.get(sessionKey) ?? -1];
      if (bound?.alive === true) return bound;
      const picked = next();
      if (sessionKey !== null && picked !== null) sessions?.set(sessionKey, backends.indexOf(picked));
      return picked;
    },
  };
}
