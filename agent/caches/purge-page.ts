import { AppError } from '../../shared/errors.js';
import type { CachedPage, PurgedPage } from '../../shared/model/cache.js';
import type { ServiceSpec } from '../../shared/model/service.js';
import { addressOf } from '../../shared/model/service.js';
import { http } from '../../shared/ports/http.js';

const PAGE_MS = 10_000;

/** Asks a cache to forget one page by the HTTP method PURGE. Rejects only when `signal` aborts, or with `usage` for what is no page. */
export async function purgePage(spec: ServiceSpec, page: CachedPage, signal: AbortSignal): Promise<PurgedPage> {
  requirePage(page);
  try {
    const { status } = await http({
      method: 'PURGE',
      url: `http://${addressOf(spec)}/`,
      rawPath: page.path,
      headers: { host: page.host },
      timeoutMs: PAGE_MS,
      signal,
    });
    return { page, status, ...meaningOf(status, spec) };
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof AppError)) throw error;
    return { page, outcome: 'failed', status: null, why: error.message };
  }
}

function meaningOf(status: number, spec: ServiceSpec): Pick<PurgedPage, 'outcome' | 'why'> {
  if (status === 200) return { outcome: 'removed', why: null };
  if (status === 404) return { outcome: 'absent', why: null };
  if (status === 403) return { outcome: 'refused', why: `squid.conf does not let this host: add ${allowing(spec)}` };
  return { outcome: 'failed', why: `the cache answered ${status}` };
}

/** A connection to an address of this host comes from that very address. */
const allowing = ({ ip }: ServiceSpec): string =>
  /^127\.|^::1$/.test(ip)
    ? '"acl purge method PURGE" and "http_access allow purge localhost", before its other http_access lines'
    : `"acl purge method PURGE", "acl this_host src ${ip}" and "http_access allow purge this_host", before its other http_access lines`;

/** Nothing that could become a second header or a second request. */
export function requirePage({ host, path }: CachedPage): void {
  if (/^\/[\x21-\x7e]*$/.test(path) && /^[\w.:[\]-]+$/.test(host)) return;
  throw new AppError('usage', `not a page of a cache: ${JSON.stringify(path)} on ${JSON.stringify(host)}`);
}
