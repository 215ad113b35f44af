import type { IniDocument, IniEntry, IniSection, Problem } from '../../shared/ini/ini.js';
import { didYouMean } from '../../shared/ini/nearest.js';
import type { Key, Keys } from './schema/key.js';
import { homesOf } from './schema/schema.js';

/** Reads typed values and keeps what is wrong with them. */
export interface Reader {
  /** The value of a key: own, inherited or default. After a problem something that fits the type; the configuration is not used then. */
  read<T>(section: IniSection | undefined, key: Key<T>): T;
  /** Reads every key that the section can have, and warns of those that it can't. */
  check(section: IniSection, keys: Keys): void;
  /** Warns of own keys of the section that are none of `keys`. */
  unknown(section: IniSection, keys: Keys): void;
  report(severity: Problem['severity'], place: Place, message: string, hint?: string | null): void;
  readonly problems: readonly Problem[];
}

export interface Place {
  readonly section: string | null;
  readonly key: string | null;
  readonly line: number | null;
}

export const placeOf = (section: IniSection, key: string | null = null): Place => {
  const entry = key === null ? undefined : section.get(key)?.entry;
  return entry === undefined ? { section: section.name, key, line: section.line === 0 ? null : section.line } : placeOfEntry(entry);
};

/** Of a value on several lines, the line that holds `part`. */
export function placeOfEntry(entry: IniEntry, part?: string): Place {
  const index = part === undefined ? 0 : entry.raw.split('\n').findIndex((line) => line.includes(part));
  return { section: entry.section, key: entry.key, line: entry.lines[index] ?? entry.line };
}

/** `path` is the file's own path, by which relative paths go; `document.file` is what the operator calls it. */
export function createReader(document: IniDocument, path: string, mentioned: ReadonlySet<string>): Reader {
  const problems: Problem[] = [];

  const report: Reader['report'] = (severity, place, message, hint = null) => {
    problems.push({ severity, file: document.file, ...place, message, hint });
  };

  function read<T>(section: IniSection | undefined, key: Key<T>): T {
    const value = section?.get(key.key);
    if (value?.ok === false) {
      const heir = section === undefined || value.entry.section === section.name ? '' : ` (as [${section.name}] inherits it)`;
      report('error', placeOfEntry(value.entry), value.why + heir);
      return key.type.blank;
    }
    const written = value?.text ?? '';
    const parsed = key.type.parse(written === '' ? key.default : written, path);
    const place = section === undefined ? { section: null, key: key.key, line: null } : placeOf(section, key.key);
    if (!parsed.ok) {
      report('error', value === undefined ? place : placeOfEntry(value.entry, parsed.part), parsed.message, parsed.hint);
      return key.type.blank;
    }
    if (parsed.warning !== undefined) report('warning', place, parsed.warning, parsed.hint);
    return parsed.value;
  }

  function unknown(section: IniSection, keys: Keys): void {
    for (const entry of section.own.values()) {
      if (Object.hasOwn(keys, entry.key) || mentioned.has(entry.key)) continue;
      const homes = homesOf(entry.key);
      if (homes.length > 0) report('warning', placeOfEntry(entry), `has no effect here, only in ${homes.join(', ')}`);
      else report('warning', placeOfEntry(entry), 'unknown key', didYouMean(entry.key, Object.keys(keys)));
    }
  }

  return {
    read,
    report,
    unknown,
    problems,
    check(section, keys) {
      for (const key of Object.values(keys)) read(section, key);
      unknown(section, keys);
    },
  };
}
