import { plainPath, virtualHostPath } from '../checks/http.js';
import type { ConnectConfig, Service } from '../config/cluster.js';
import { AppError } from '../../shared/errors.js';
import type { CachedPage } from '../../shared/model/cache.js';
import { addressOf } from '../../shared/model/service.js';

/**
 * The pages of a cache that somebody means by a path or an absolute URL, as the cache itself is asked for them: behind the rewrite of the
 * balancer that is the long form, under the public name, or under the cache's own address where the balancer sends that. What is
 * written in the long form, or is a URL of another host, stays as it is. Errors: `usage`.
 */
export function cachedPages(connect: Pick<ConnectConfig, 'publicName' | 'entity'>, cache: Service, url: string): CachedPage[] {
  const { host, path } = partsOf(url);
  const publicName = connect.publicName.replace(/:\d+$/, '');
  if (host !== null && host.replace(/:\d+$/, '') !== publicName) return [{ host, path: plainPath(path) }];
  const long = path.startsWith('/VirtualHostBase/') ? plainPath(path) : virtualHostPath(connect, path);
  const hosts = [...new Set([publicName === '' ? [] : [publicName], addressOf(cache.spec)].flat())];
  return hosts.map((one) => ({ host: one, path: long }));
}

function partsOf(url: string): { readonly host: string | null; readonly path: string } {
  if (url.startsWith('/') && !url.startsWith('//')) return { host: null, path: url };
  const [, host, path = '/'] = /^https?:\/\/([^/?#@\s]+)([/?][^\s]*)?$/i.exec(url) ?? [];
  if (host !== undefined) return { host, path };
  throw new AppError('usage', `not a page: ${url}`, { hint: 'a path of the site (/news), or an absolute URL' });
}
