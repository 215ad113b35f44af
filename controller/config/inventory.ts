import type { IniDocument, IniSection } from '../../shared/ini/ini.js';
import { didYouMean } from '../../shared/ini/nearest.js';
import { SERVICE_TYPES, type ServiceType } from '../../shared/model/service.js';
import { placeOf, placeOfEntry, type Reader } from './reader.js';
import type { Key } from './schema/key.js';
import { COMMAND_SECTION, FIXED_SECTIONS, isSupervisorSection } from './schema/schema.js';
import { CLUSTER_KEYS } from './schema/sections.js';
import { COMMON_KEYS } from './schema/services.js';

/** Which sections are services, and the part that each of them plays. */
export interface Inventory {
  readonly clients: readonly Member[];
  readonly frontends: readonly Member[];
  /** Named by `depends`, and ZEO servers, which no list of [cluster] holds. */
  readonly others: readonly Member[];
}

export interface Member {
  readonly section: IniSection;
  readonly type: ServiceType;
}

/** Finds the services from the lists of [cluster]; tells of names without a section and of sections that nothing refers to. */
export function takeInventory(document: IniDocument, reader: Reader): Inventory {
  const cluster = document.sections.get('cluster');
  if (cluster === undefined) {
    reader.report('error', { section: null, key: null, line: null }, 'there is no section [cluster]');
  }
  const candidates = new Map(
    [...document.sections].filter(
      ([name, section]) =>
        !Object.hasOwn(FIXED_SECTIONS, name) && !COMMAND_SECTION.test(name) && !isSupervisorSection(name, typeText(section)),
    ),
  );
  const members = new Map<string, Member | null>();

  const clients = named(cluster, CLUSTER_KEYS.zeoclients);
  const frontends = named(cluster, CLUSTER_KEYS.frontend);
  for (const section of candidates.values()) {
    if (section.get('type')?.ok === true && typeText(section) === 'ZeoServer') member(section);
  }
  // Grows while it is read: what a service depends on can depend on others.
  for (const found of members.values()) if (found !== null) named(found.section, COMMON_KEYS.depends);

  wrongLists(clients, frontends);
  for (const section of candidates.values()) if (!members.has(section.name)) unused(section);
  const listed = new Set([...clients, ...frontends]);
  return { clients, frontends, others: [...members.values()].filter((m): m is Member => m !== null && !listed.has(m)) };

  function named(section: IniSection | undefined, key: Key<readonly string[]>): Member[] {
    const entry = section?.get(key.key)?.entry;
    const wanted = reader.read(section, key);
    // A section that the list holds already is hardly meant a second time.
    const unlisted = wanted.every((name) => candidates.has(name)) ? [] : without(candidates.keys(), wanted);
    return wanted.flatMap((name) => {
      const found = candidates.get(name);
      if (found !== undefined) return member(found) ?? [];
      const place = entry === undefined ? { section: null, key: key.key, line: null } : placeOfEntry(entry, name);
      reader.report('error', place, `there is no section [${name}]`, didYouMean(name, unlisted));
      return [];
    });
  }

  function member(section: IniSection): Member | null {
    const known = members.get(section.name);
    if (known !== undefined) return known;
    const written = reader.read(section, COMMON_KEYS.type);
    const type = SERVICE_TYPES.find((candidate) => candidate === written);
    if (type === undefined && written !== '') {
      const hint = didYouMean(written, SERVICE_TYPES) ?? `types are ${SERVICE_TYPES.join(', ')}`;
      reader.report('error', placeOf(section, 'type'), `unknown type "${written}"`, hint);
    }
    const made = type === undefined ? null : { section, type };
    members.set(section.name, made);
    return made;
  }

  function wrongLists(listedClients: readonly Member[], listedFrontends: readonly Member[]): void {
    const entry = cluster?.get('zeoclients')?.entry;
    for (const { section, type } of entry === undefined ? [] : listedClients) {
      if (entry === undefined) return;
      const place = placeOfEntry(entry, section.name);
      if (type !== 'ZeoClient')
        reader.report('error', place, `[${section.name}] is a ${type}, not a ZeoClient`, 'list it under "frontend"');
      else if (listedFrontends.some((other) => other.section === section)) {
        reader.report('error', place, `[${section.name}] stands under "frontend" too`, 'a management client stands under "frontend" alone');
      }
    }
  }

  function unused(section: IniSection): void {
    const type = typeText(section);
    const list = type === 'ZeoClient' ? 'zeoclients' : 'frontend';
    const hint = type === '' ? didYouMean(section.name, Object.keys(FIXED_SECTIONS)) : `list it under "${list}" of [cluster] to use it`;
    reader.report('warning', placeOf(section), 'nothing refers to this section: it is ignored', hint);
  }
}

function typeText(section: IniSection): string {
  const value = section.get('type');
  return value?.ok === true ? value.text : '';
}

function without(names: Iterable<string>, taken: readonly string[]): string[] {
  const skip = new Set(taken);
  return [...names].filter((name) => !skip.has(name)).slice(0, MAX_MEANT);
}

const MAX_MEANT = 1000;
