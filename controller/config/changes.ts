import type { IniDocument, Problem } from '../../shared/ini/ini.js';
import type { ConfigChange } from '../../shared/model/config-diff.js';
import type { ClusterConfig } from './cluster.js';
import { type ShownValue, showConfig } from './show.js';

/**
 * What differs between two versions of the file, by the values that the program goes by. A value that sections inherit is told where it is
 * written, once. Pure.
 */
export function configChanges(before: IniDocument, after: IniDocument): ConfigChange[] {
  const [old, now] = [valuesOf(before), valuesOf(after)];
  return [...new Set([...old.keys(), ...now.keys()])].flatMap((section) => {
    const [was, is] = [old.get(section), now.get(section)];
    return [...new Set([...(was?.keys() ?? []), ...(is?.keys() ?? [])])].flatMap((key) =>
      changeOf(section, key, was === undefined ? null : (was.get(key) ?? UNSET), is === undefined ? null : (is.get(key) ?? UNSET)),
    );
  });
}

/** What cannot be taken over by a controller that runs. Pure. */
export function needsRestart(before: ClusterConfig, after: ClusterConfig, document: IniDocument): Problem[] {
  const bound: readonly (readonly [string, string, (config: ClusterConfig) => unknown])[] = [
    ['controller', 'address', ({ controller }) => controller.address],
    ['controller', 'state_dir', ({ controller }) => controller.stateDir],
    ['controller', 'heartbeat', ({ controller }) => controller.heartbeatMs],
    ['DEFAULT', 'logfile', ({ logFile }) => logFile],
  ];
  return bound.flatMap(([section, key, read]): Problem[] => {
    if (read(before) === read(after)) return [];
    const entry = (section === 'DEFAULT' ? document.defaults : document.sections.get(section))?.get(key)?.entry;
    const message = 'a change of it needs a restart of the controller';
    return [{ severity: 'error', file: document.file, line: entry?.line ?? null, section, key, message, hint: null }];
  });
}

interface Effective {
  readonly shown: string;
  /** What a password really is, to be compared. */
  readonly real: string;
  /** Written in this section itself. */
  readonly own: boolean;
  readonly line: number | null;
}

/** A key that the type of the section did not have then. */
const UNSET: Effective = { shown: '', real: '', own: false, line: null };

function valuesOf(document: IniDocument): Map<string, Map<string, Effective>> {
  const realOf = (section: string, value: ShownValue): string => {
    const found = (section === document.defaults.name ? document.defaults : document.sections.get(section))?.get(value.key);
    return found === undefined ? value.value : found.ok ? found.text : found.entry.raw;
  };
  return new Map(
    showConfig(document).map(({ section, values }) => [
      section,
      new Map(
        values.map((value) => {
          const own = value.origin?.section === section;
          return [value.key, { shown: value.value, real: realOf(section, value), own, line: own ? value.origin.line : null }];
        }),
      ),
    ]),
  );
}

function changeOf(section: string, key: string, was: Effective | null, is: Effective | null): ConfigChange[] {
  if (was?.real === is?.real || !(was?.own === true || is?.own === true)) return [];
  return [{ section, key, before: was?.shown ?? null, after: is?.shown ?? null, line: is?.line ?? null }];
}
