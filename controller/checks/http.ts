import type { ConnectConfig, Service } from '../config/cluster.js';
import { reasonOf } from '../../shared/abort.js';
import { AppError, isErrno } from '../../shared/errors.js';
import { addressOf } from '../../shared/model/service.js';
import { http } from '../../shared/ports/http.js';
import { saysNothingOfTheOtherSide, type TcpTarget } from '../../shared/ports/tcp.js';
import type { HttpOutcome } from './outcome.js';

/**
 * The URL of a page as the balancer would ask a Zope client for it. Without `public_name` there is no virtual host to pretend, and the
 * client is asked for ENTITY/PATH directly; without `entity` the virtual host is the root of the Zope.
 */
export function virtualHostUrl(connect: Pick<ConnectConfig, 'publicName' | 'entity'>, target: TcpTarget, path: string): string {
  const entity = trimSlashes(connect.entity);
  const page = path.replace(/^\/+/, '');
  const inner =
    connect.publicName === '' ? [entity, page] : ['VirtualHostBase/http', withPort(connect.publicName), entity, 'VirtualHostRoot', page];
  return plainUrl(target, inner.filter((part, i) => part !== '' || i === inner.length - 1).join('/'));
}

/** The URL of `path` (with its query, if any) on the service itself. */
export const plainUrl = (target: TcpTarget, path: string): string => `http://${addressOf(target)}/${escapePath(path.replace(/^\/+/, ''))}`;

export interface HttpCheckOptions {
  /** For the whole exchange, to the last byte of the body; an answer that takes longer is `late`. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** Asks a client for the page `path` of its virtual host. Rejects only when `signal` aborts. */
export function checkHttp(
  target: TcpTarget,
  connect: ConnectConfig,
  options: HttpCheckOptions & { readonly path: string },
): Promise<HttpOutcome> {
  return fetchPage(virtualHostUrl(connect, target, options.path), authorization(connect), options);
}

/** Asks an HttpServer for the path that its section names. It gets no credentials: they are those of Zope. */
export function checkHttpServer(service: Service, options: HttpCheckOptions): Promise<HttpOutcome> {
  return fetchPage(plainUrl(service.spec, service.url), {}, options);
}

async function fetchPage(url: string, headers: Readonly<Record<string, string>>, options: HttpCheckOptions): Promise<HttpOutcome> {
  const timeoutMs = Math.ceil(options.timeoutMs);
  try {
    const { status, ms, bytes } = await http({ url, headers, timeoutMs, signal: options.signal });
    if (status < 400) return { ok: true, status, ms, bytes };
    return { ok: false, fault: 'error', status, why: `${url} answered with status ${status}${status === 401 ? UNAUTHORIZED : ''}` };
  } catch (error) {
    if (options.signal.aborted) throw reasonOf(options.signal);
    if (!(error instanceof AppError)) throw error;
    return failure(error, url, timeoutMs);
  }
}

const UNAUTHORIZED = ' (look at login and passwd in [connect])';

function failure(error: AppError, url: string, timeoutMs: number): HttpOutcome {
  if (error.code === 'timeout') return { ok: false, fault: 'late', why: `${url} did not answer within ${timeoutMs} ms` };
  if (saysNothingOfTheOtherSide(error.cause)) return { ok: false, fault: 'unmeasurable', why: error.message };
  if (isErrno(error.cause, 'ECONNREFUSED')) return { ok: false, fault: 'no-connection', why: error.message };
  return { ok: false, fault: 'error', why: error.message };
}

function authorization(connect: ConnectConfig): Record<string, string> {
  if (connect.login === '') return {};
  const credentials = Buffer.from(`${connect.login}:${connect.passwd.reveal()}`, 'utf8').toString('base64');
  return { authorization: `Basic ${credentials}` };
}

const trimSlashes = (text: string) => text.replace(/^\/+|\/+$/g, '');
const withPort = (name: string) => (/:\d+$/.test(name) ? name : `${name}:80`);
/** Zope paths may hold blanks and umlauts; what is escaped already stays as it is, and a fragment is never sent. */
const escapePath = (path: string) => path.replace(/#.*$/, '').replace(/[^\x21-\x7e]|["<>\\^`{|}]/gu, encodeURIComponent);
