import {
  Agent,
  createServer,
  request as send,
  type IncomingMessage,
  type RequestOptions,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { Socket } from 'node:net';
import { isErrno } from '../../../shared/errors.js';
import { parseAddress } from './address.js';
import type { StandinBackend, StandinService } from './pool.js';

/**
 * An HTTP listener that hands each request to a backend of the first service, as Pound does: a connection of a visitor has one
 * connection to a backend, which stays open until a request goes to another. A backend that refuses a connection is dead until it is
 * probed, and the request goes to the next; with nobody left it is answered 503.
 */
export function createProxy(services: readonly StandinService[], idleVisitorMs: number): Server {
  const links = new WeakMap<Socket, Link>();
  const server = createServer((request, response) => {
    const service = services[0];
    if (service === undefined) {
      refuse(response);
      return;
    }
    forward(service, sessionOf(service, request), linkOf(links, request.socket), request, response);
  });
  server.keepAliveTimeout = idleVisitorMs;
  return server;
}

interface Link {
  backend: StandinBackend | null;
  agent: Agent;
}

function linkOf(links: WeakMap<Socket, Link>, socket: Socket): Link {
  const known = links.get(socket);
  if (known !== undefined) return known;
  const link: Link = { backend: null, agent: new Agent() };
  links.set(socket, link);
  socket.once('close', () => link.agent.destroy());
  return link;
}

function forward(service: StandinService, session: string | null, link: Link, request: IncomingMessage, response: ServerResponse): void {
  const backend = service.pick(session);
  if (backend === null) {
    refuse(response);
    return;
  }
  if (link.backend !== backend) {
    link.agent.destroy();
    link.backend = backend;
    link.agent = new Agent({ keepAlive: true, maxSockets: 1 });
  }
  const asked = { ...request.headers, connection: 'keep-alive', 'x-forwarded-for': request.socket.remoteAddress ?? '' };
  const upstream = send({ ...target(backend.address), method: request.method, path: request.url, headers: asked, agent: link.agent });
  upstream.on('response', (answer) => {
    // What concerns one connection only is not handed on.
    const headers = Object.entries(answer.headers).filter(([name, value]) => value !== undefined && !OF_ONE_CONNECTION.has(name));
    response.writeHead(answer.statusCode ?? 502, Object.fromEntries(headers));
    answer.pipe(response);
    answer.on('error', () => response.destroy());
  });
  upstream.on('error', (error) => {
    if (response.headersSent) {
      response.destroy();
      return;
    }
    const isRefused = isErrno(error, 'ECONNREFUSED', 'ENOENT');
    if (isRefused) backend.alive = false;
    // The other case: the backend closed an idle connection just as the request went out.
    const canTryAgain = isRefused ? !request.readableDidRead : upstream.reusedSocket && request.method === 'GET';
    if (!canTryAgain) {
      refuse(response);
      return;
    }
    link.backend = null;
    forward(service, session, link, request, response);
  });
  if (request.method === 'GET' || request.method === 'HEAD') upstream.end();
  else request.pipe(upstream);
}

const OF_ONE_CONNECTION = new Set(['connection', 'keep-alive']);

function target(address: string): RequestOptions {
  const parsed = parseAddress(address);
  return 'path' in parsed ? { socketPath: parsed.path } : parsed;
}

function refuse(response: ServerResponse): void {
  response.writeHead(503, { connection: 'close', 'content-type': 'text/html' });
  response.end('<html><body><h1>Service Unavailable</h1></body></html>');
}

function sessionOf(service: StandinService, request: IncomingMessage): string | null {
  if (service.sessions === null) return null;
  if (service.sessionType === 'IP') return request.socket.remoteAddress ?? null;
  if (service.sessionType !== 'COOKIE') return null;
  const pairs = (request.headers.cookie ?? '').split(';').map((pair) => pair.trim());
  return pairs.find((pair) => pair.startsWith(`${service.sessionId}=`))?.slice(service.sessionId.length + 1) ?? null;
}
