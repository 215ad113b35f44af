import type { CanonicalSection } from './canonical.js';
import { createBudget, interpolate, type Budget, type Interpolated } from './interpolation.js';

/** An ini file: sections in order, each value with its place, `[DEFAULT]` inherited by every section. */
export interface IniDocument {
  readonly file: string;
  readonly defaults: IniSection;
  /** Without `[DEFAULT]`. */
  readonly sections: ReadonlyMap<string, IniSection>;
}

export interface IniSection {
  readonly name: string;
  /** Of its first header; 0 for a `[DEFAULT]` that the file does not have. */
  readonly line: number;
  /** What the section itself says, by key in lower case. */
  readonly own: ReadonlyMap<string, IniEntry>;
  /** Own keys first, then those inherited. */
  keys(): string[];
  /** The value by which the section goes, own or inherited; undefined if neither has the key. */
  get(key: string): IniValue | undefined;
}

export interface IniEntry {
  /** Where it is written: `DEFAULT` if it is inherited. */
  readonly section: string;
  readonly key: string;
  /** Before interpolation. */
  readonly raw: string;
  readonly line: number;
  /** For each line of `raw` its line in the file. */
  readonly lines: readonly number[];
}

export type IniValue = Interpolated & { readonly entry: IniEntry };

export const DEFAULT_SECTION = 'DEFAULT';

export function createDocument(file: string, parsed: readonly CanonicalSection[]): IniDocument {
  const budget = createBudget();
  const entries = new Map(parsed.map((section) => [section.name, entriesOf(section)]));
  const inherited = entries.get(DEFAULT_SECTION) ?? new Map<string, IniEntry>();
  const lineOf = new Map(parsed.map((section) => [section.name, section.line]));
  const section = (name: string) =>
    createSection(name, lineOf.get(name) ?? 0, entries.get(name) ?? new Map<string, IniEntry>(), inherited, budget);
  return {
    file,
    defaults: section(DEFAULT_SECTION),
    sections: new Map(parsed.filter(({ name }) => name !== DEFAULT_SECTION).map(({ name }) => [name, section(name)])),
  };
}

function entriesOf(section: CanonicalSection): Map<string, IniEntry> {
  return new Map(
    section.entries.map(({ key, raw, lines }) => [key, { section: section.name, key, raw, line: lines[0] ?? section.line, lines }]),
  );
}

/** Values are expanded when they are asked for: a `[DEFAULT]` value may need names that only the heirs have. */
function createSection(
  name: string,
  line: number,
  own: ReadonlyMap<string, IniEntry>,
  inherited: ReadonlyMap<string, IniEntry>,
  budget: Budget,
): IniSection {
  const known = new Map<string, IniValue>();
  const entry = (key: string) => own.get(key) ?? inherited.get(key);
  return {
    name,
    line,
    own,
    keys: () => [...new Set([...own.keys(), ...inherited.keys()])],
    get(key) {
      const found = entry(key);
      if (found === undefined) return undefined;
      const value = known.get(key) ?? { ...interpolate(key, found.raw, (other) => entry(other)?.raw, budget), entry: found };
      known.set(key, value);
      return value;
    },
  };
}
