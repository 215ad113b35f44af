import { AppError } from '../../shared/errors.js';
import { isGlob, matchesGlob } from '../../shared/ini/glob.js';
import { didYouMean } from '../../shared/ini/nearest.js';
import type { ClusterConfig, Service } from './cluster.js';

/**
 * The services that `-s` names: section names, `pool:1`, `host:web1`, `type:ZeoClient`, globs; each service once, in the order in which
 * the selectors name them. A selector that matches nothing is a `usage` error with the nearest names; then none is returned.
 */
export function selectServices(config: ClusterConfig, selectors: readonly string[]): Service[] {
  const found = selectors.map((selector) => matching(config, selector.trim()));
  const unknown = selectors.filter((_, index) => found[index]?.length === 0).map((selector) => selector.trim());
  if (unknown.length > 0) throw unknownServices(config, unknown);
  return [...new Set(found.flat())];
}

/** The same of whatever the configuration is now; no selector means all of these. */
export const selectIn =
  (source: { current(): ClusterConfig }, all: 'clients' | 'frontends and clients') =>
  (selectors: readonly string[]): readonly Service[] => {
    const config = source.current();
    if (selectors.length > 0) return selectServices(config, selectors);
    return all === 'clients' ? config.clients : [...config.frontends, ...config.clients];
  };

function matching(config: ClusterConfig, selector: string): readonly Service[] {
  const named = config.services.get(selector);
  if (named !== undefined) return [named];
  const all = [...config.services.values()];
  const [, kind, value = ''] = /^(pool|host|type):(.*)$/.exec(selector) ?? [];
  if (kind === 'pool') return config.clients.filter((client) => matchesGlob(value, String(client.pool)));
  if (kind === 'host') return all.filter((service) => matchesGlob(value, service.host));
  if (kind === 'type') return all.filter((service) => matchesGlob(value, service.spec.type));
  return isGlob(selector) ? all.filter((service) => matchesGlob(selector, service.spec.name)) : [];
}

function unknownServices(config: ClusterConfig, unknown: readonly string[]): AppError {
  const list = unknown.map((selector) => `"${selector}"`).join(', ');
  const hints = unknown.flatMap((selector) => didYouMean(selector, words(config, selector), 3) ?? []);
  const hint = hints.length > 0 ? hints.join(' ') : `services are ${abridged([...config.services.keys()])}`;
  return new AppError('usage', `no service matches ${list}`, { hint });
}

/** What could have been meant: names, or for `host:…` the hosts, and so on. */
function words(config: ClusterConfig, selector: string): string[] {
  const all = [...config.services.values()];
  if (selector.startsWith('pool:')) return config.clients.map((client) => `pool:${client.pool}`);
  if (selector.startsWith('host:')) return all.map((service) => `host:${service.host}`);
  if (selector.startsWith('type:')) return all.map((service) => `type:${service.spec.type}`);
  return [...config.services.keys()];
}

const abridged = (names: readonly string[]): string => names.slice(0, 20).join(', ') + (names.length > 20 ? ', …' : '');
