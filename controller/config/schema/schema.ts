import { DEFAULT_SECTION } from '../../../shared/ini/ini.js';
import { SERVICE_TYPES, type ServiceType } from '../../../shared/model/service.js';
import { GLOBAL_KEYS, SERVICE_DEFAULTS } from './defaults.js';
import type { AnyKey, Keys } from './key.js';
import { CLUSTER_KEYS, COMMAND_KEYS, CONNECT_KEYS, CONTROLLER_KEYS, FEEDCACHE_KEYS, MONITOR_KEYS, SUPERVISOR_KEYS } from './sections.js';
import { COMMON_KEYS, TYPE_KEYS } from './services.js';

/** Sections with a name of their own. */
export const FIXED_SECTIONS: Readonly<Record<string, Keys>> = {
  cluster: CLUSTER_KEYS,
  connect: CONNECT_KEYS,
  feedcache: FEEDCACHE_KEYS,
  monitor: MONITOR_KEYS,
  controller: CONTROLLER_KEYS,
};

export const COMMAND_SECTION = /^command\s+(\S.*)$/;

/** Of embedded mode; a section of that name with a type is a service. */
export const isSupervisorSection = (name: string, type: string | null): boolean => name === 'supervisor' && (type === null || type === '');

/** What a section may hold: its own keys, and those of [DEFAULT] that it can set for itself. */
export const DEFAULT_KEYS: Keys = { ...GLOBAL_KEYS, ...SERVICE_DEFAULTS };
export const keysOfService = (type: ServiceType): Keys => ({ ...COMMON_KEYS, ...TYPE_KEYS[type], ...SERVICE_DEFAULTS });
export const keysOfCommand = (): Keys => COMMAND_KEYS;
export const keysOfSupervisor = (): Keys => SUPERVISOR_KEYS;

/** The keys that a section can have, by its name and the type that it says; null: nothing reads it. */
export function keysOfSection(name: string, type: string | null): Keys | null {
  if (name === DEFAULT_SECTION) return DEFAULT_KEYS;
  if (Object.hasOwn(FIXED_SECTIONS, name)) return FIXED_SECTIONS[name] ?? null;
  if (COMMAND_SECTION.test(name)) return keysOfCommand();
  if (isSupervisorSection(name, type)) return keysOfSupervisor();
  const known = SERVICE_TYPES.find((candidate) => candidate === type);
  return known === undefined ? null : keysOfService(known);
}

/** Every key there is: [DEFAULT] can hold any of them for its heirs. */
export const ANY_KEYS: Keys = Object.assign(
  {},
  DEFAULT_KEYS,
  COMMON_KEYS,
  COMMAND_KEYS,
  SUPERVISOR_KEYS,
  ...Object.values(FIXED_SECTIONS),
  ...Object.values(TYPE_KEYS),
) as Keys;

/** Where a key would have a meaning, for people: `[DEFAULT]`, `[connect]`, `Squid`. */
export function homesOf(name: string): string[] {
  const has = (keys: Keys): AnyKey | undefined => (Object.hasOwn(keys, name) ? keys[name] : undefined);
  return [
    ...(has(DEFAULT_KEYS) ? ['[DEFAULT]'] : []),
    ...Object.entries(FIXED_SECTIONS).flatMap(([section, keys]) => (has(keys) ? [`[${section}]`] : [])),
    ...(has(COMMON_KEYS) ? ['every service'] : SERVICE_TYPES.filter((type) => has(TYPE_KEYS[type]))),
  ];
}
