import type { ConnectConfig, Service } from '../config/cluster.js';
import type { HttpOutcome } from '../../shared/model/probe.js';
import type { TcpTarget } from '../../shared/ports/tcp.js';
import type { Vantage } from './vantage.js';

/**
 * The path of a page as the balancer would ask a Zope client for it, and a cache behind it. Without `public_name` there is no virtual host
 * to pretend, and it is ENTITY/PATH; without `entity` the virtual host is the root of the Zope.
 */
export function virtualHostPath(connect: Pick<ConnectConfig, 'publicName' | 'entity'>, path: string): string {
  const entity = trimSlashes(connect.entity);
  const page = path.replace(/^\/+/, '');
  const inner =
    connect.publicName === '' ? [entity, page] : ['VirtualHostBase/http', withPort(connect.publicName), entity, 'VirtualHostRoot', page];
  return plainPath(inner.filter((part, i) => part !== '' || i === inner.length - 1).join('/'));
}

/** `path` (with its query, if any) as it is sent. */
export const plainPath = (path: string): string => `/${escapePath(path.replace(/^\/+/, ''))}`;

export interface HttpCheckOptions {
  /** For the whole exchange, to the last byte of the body; an answer that takes longer is `late`. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** Asks a client for the page `path` of its virtual host. Rejects only when `signal` aborts. */
export function checkHttp(
  vantage: Vantage,
  target: TcpTarget,
  connect: ConnectConfig,
  options: HttpCheckOptions & { readonly path: string },
): Promise<HttpOutcome> {
  return fetchPage(vantage, target, { path: virtualHostPath(connect, options.path), authorization: authorization(connect) }, options);
}

/** Asks an HttpServer for the path that its section names. It gets no credentials: they are those of Zope. */
export function checkHttpServer(vantage: Vantage, service: Service, options: HttpCheckOptions): Promise<HttpOutcome> {
  return fetchPage(vantage, service.spec, { path: plainPath(service.url), authorization: '' }, options);
}

function fetchPage(
  vantage: Vantage,
  { ip, port }: TcpTarget,
  page: { readonly path: string; readonly authorization: string },
  { timeoutMs, signal }: HttpCheckOptions,
): Promise<HttpOutcome> {
  return vantage.http({ kind: 'http', ip, port, timeoutMs, ...page }, signal);
}

function authorization(connect: ConnectConfig): string {
  if (connect.login === '') return '';
  return `Basic ${Buffer.from(`${connect.login}:${connect.passwd.reveal()}`, 'utf8').toString('base64')}`;
}

const trimSlashes = (text: string) => text.replace(/^\/+|\/+$/g, '');
const withPort = (name: string) => (/:\d+$/.test(name) ? name : `${name}:80`);
/** Zope paths may hold blanks and umlauts; what is escaped already stays as it is, and a fragment is never sent. */
const escapePath = (path: string) => path.replace(/#.*$/, '').replace(/[^\x21-\x7e]|["<>\\^`{|}]/gu, encodeURIComponent);
