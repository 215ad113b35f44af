import { AppError } from '../../shared/errors.js';
import { formatProblem, hasErrors, type IniDocument, type IniSection, type ParsedIni } from '../../shared/ini/ini.js';
import type { AnyKey, Keys } from './schema/key.js';
import { keysOfSection } from './schema/schema.js';
import { maskSecrets, REDACTED, secretKeys } from './secrets.js';

/** One effective value, as the program goes by it. */
export interface ShownValue {
  readonly key: string;
  /** After inheritance and interpolation; a password reads `[redacted]`. */
  readonly value: string;
  /** Where it is written, and for each line of the value its line in the file; null: the default of the schema. */
  readonly origin: { readonly section: string; readonly line: number; readonly lines: readonly number[] } | null;
  readonly sentence: string;
}

export interface ShownSection {
  readonly section: string;
  readonly line: number;
  readonly values: readonly ShownValue[];
}

/** `config show`: every key that a section can have with its effective value and where it comes from. Pure. */
export function showConfig(document: IniDocument): ShownSection[] {
  const hidden = secretKeys(document);
  return [document.defaults, ...document.sections.values()].flatMap((section) => {
    const keys = keysOf(section);
    return keys === null
      ? []
      : [{ section: section.name, line: section.line, values: Object.values(keys).map((key) => shownValue(section, key, hidden)) }];
  });
}

function shownValue(section: IniSection, { key, default: fallback, sentence }: AnyKey, hidden: ReadonlySet<string>): ShownValue {
  const found = section.get(key);
  if (found === undefined || (found.ok && found.text === '')) return { key, value: fallback, origin: null, sentence };
  const text = found.ok ? found.text : found.entry.raw;
  const { section: written, line, lines } = found.entry;
  return { key, value: hidden.has(key) ? REDACTED : text, origin: { section: written, line, lines }, sentence };
}

/** The keys that a section can have; null: nothing reads it. */
export function keysOf(section: IniSection): Keys | null {
  const type = section.get('type');
  return keysOfSection(section.name, type?.ok === true ? type.text : null);
}

export type RawConfig = Readonly<Record<string, Readonly<Record<string, string>>>>;

/**
 * `config show --raw`: `{section: {key: value}}` as Python's configparser gives it, `[DEFAULT]` under that name. Pure. Errors: `config`
 * where Python raises, naming each place. Without `secrets` every password reads `[redacted]`, also where another value refers to it.
 */
export function rawConfig({ document, problems }: ParsedIni, options: { readonly secrets: boolean }): RawConfig {
  if (hasErrors(problems))
    throw new AppError(
      'config',
      maskSecrets(document, problems)
        .filter((problem) => problem.severity === 'error')
        .map(formatProblem)
        .join('\n'),
      { hint: NAMES_ALL },
    );
  const sections = [document.defaults, ...document.sections.values()];
  const size = sections.reduce((sum, section) => sum + section.own.size + document.defaults.own.size, 0);
  if (size > MAX_VALUES) throw new AppError('config', `${document.file}: ${size} values are too many to show`);
  const hidden = options.secrets ? new Set<string>() : secretKeys(document);
  return fromPairs(
    sections.map((section) => [section.name, fromPairs(section.keys().map((key) => [key, rawValue(document, section, key, hidden)]))]),
  );
}

const NAMES_ALL = '`ctl config check` names all problems';

/** Inheritance multiplies: sections by keys of [DEFAULT]. */
const MAX_VALUES = 1_000_000;

function rawValue(document: IniDocument, section: IniSection, key: string, hidden: ReadonlySet<string>): string {
  const value = section.get(key);
  if (value === undefined) return '';
  if (value.ok) return hidden.has(key) && value.text !== '' ? REDACTED : value.text;
  const why = hidden.has(key) ? 'a reference %(name)s in it cannot be resolved' : value.why;
  throw new AppError('config', `${document.file}:${value.entry.line}: [${section.name}] ${key}: ${why}`, { hint: NAMES_ALL });
}

/** Also for a section or key called `__proto__`. */
function fromPairs<T>(pairs: readonly (readonly [string, T])[]): Readonly<Record<string, T>> {
  const made = Object.create(null) as Record<string, T>;
  for (const [name, value] of pairs) Object.defineProperty(made, name, { value, enumerable: true, configurable: true, writable: true });
  return made;
}
