import { createServer, type Server } from 'node:http';
import type { StandinService, StandinState } from './pool.js';

/** Pound's control protocol over its state: `GET /`, PUT and DELETE of a backend, DELETE of a session. Anything else is 404. */
export function createControlServer(state: StandinState): Server {
  return createServer((request, response) => {
    const [path = '', query = ''] = (request.url ?? '/').split(/\?(.*)/s);
    // As Pound has it: the key counts as it is written, nothing is decoded.
    const key = /(?:^|&)key=([^&]*)/.exec(query)?.[1] ?? null;
    const answer = answerTo(state, request.method ?? '', path.split('/').slice(1), key);
    response.writeHead(answer === undefined ? 404 : 200, { 'content-type': 'application/json', connection: 'close' });
    response.end(answer === undefined ? '' : JSON.stringify(answer));
  });
}

function answerTo(state: StandinState, method: string, path: readonly string[], key: string | null): unknown {
  if (method === 'GET' && path.join('/') === '') return describe(state);
  const [kind, ...ids] = path;
  const isGlobal = kind === 'service' || ids[0] === '-';
  const services = isGlobal ? state.services : find(state.listeners, ids[0])?.services;
  const [serviceId, backendId] = kind === 'service' ? ids : ids.slice(1);
  const service = find(services ?? [], serviceId);
  if (service === undefined) return undefined;
  if (kind === 'session') return method === 'DELETE' && key !== null ? deleteSession(service, key) : undefined;
  const backend = service.backends[Number(backendId ?? Number.NaN)];
  if (backend === undefined || (method !== 'PUT' && method !== 'DELETE')) return undefined;
  backend.enabled = method === 'PUT';
  return true;
}

/** By name, or by its place in the list. */
const find = <T extends { readonly name: string | null }>(list: readonly T[], id: string | undefined): T | undefined =>
  id === undefined ? undefined : (list.find((item) => item.name === id) ?? (/^\d+$/.test(id) ? list[Number(id)] : undefined));

function deleteSession(service: StandinService, key: string): unknown {
  service.sessions?.delete(key);
  return describeService(service);
}

const describe = (state: StandinState): unknown => ({
  listeners: state.listeners.map((l) => ({
    address: l.address,
    enabled: true,
    name: l.name,
    protocol: 'http',
    services: l.kind === 'control' ? [CONTROL_SERVICE] : l.services.map(describeService),
  })),
  pid: process.pid,
  queue_len: 0,
  services: state.services.map(describeService),
  timestamp: new Date().toISOString(),
  version: VERSION,
});

/** The Pound whose protocol it speaks. */
export const VERSION = '4.16';

const CONTROL_SERVICE = {
  backends: [{ alive: true, enabled: true, priority: 1, type: 'control', weight: 0 }],
  enabled: true,
  name: null,
  session_type: 'NONE',
  sessions: null,
};

const describeService = (service: StandinService): unknown => ({
  backends: service.backends.map((b) => ({
    address: b.address,
    alive: b.alive,
    enabled: b.enabled,
    priority: 5,
    type: 'backend',
    weight: b.emergency ? 65535 : 0,
  })),
  enabled: true,
  name: service.name,
  session_type: service.sessionType,
  sessions: service.sessions === null ? null : [...service.sessions].map(([key, backend]) => ({ backend, expire: '', key })),
});
