import { SERVICE_TYPES } from '../../shared/model/service.js';
import { DEFAULT_SECTION } from '../../shared/ini/ini.js';
import type { Keys } from './schema/key.js';
import { FIXED_SECTIONS, keysOfSection } from './schema/schema.js';

/** Something that can be written at a place of cluster.ini. */
export interface Completion {
  readonly word: string;
  readonly meaning: string;
}

/** The keys that a section can still have; `type` is that of a service. Nothing is known of a section that nothing reads. */
export function completeKeys(section: string, type: string | null, written: readonly string[] = []): Completion[] {
  return Object.values(keysOf(section, type))
    .filter(({ key }) => !written.includes(key))
    .map(({ key, sentence }) => ({ word: key, meaning: sentence }));
}

/** The words that a key can have as its value, where these are few; a service is offered its types before it has one. */
export function completeValues(section: string, type: string | null, key: string): readonly string[] {
  if (key === 'type' && !Object.hasOwn(FIXED_SECTIONS, section)) return SERVICE_TYPES;
  const keys = keysOf(section, type);
  return Object.hasOwn(keys, key) ? (keys[key]?.type.words ?? []) : [];
}

/** The sections that every cluster.ini can have. */
export const completeSections = (): string[] => [DEFAULT_SECTION, ...Object.keys(FIXED_SECTIONS)];

const keysOf = (section: string, type: string | null): Keys => keysOfSection(section, type) ?? {};
