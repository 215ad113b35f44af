import { cutReferences, referencesOf } from '../../shared/ini/interpolation.js';
import { DEFAULT_SECTION, type IniDocument, type IniEntry, type IniSection } from '../../shared/ini/ini.js';
import type { Token } from '../../shared/ini/tokens.js';
import { isWindowsPath } from '../../shared/ini/host-path.js';
import { lastPart } from './paths.js';
import { createReader } from './reader.js';
import type { Keys } from './schema/key.js';
import { ANY_KEYS } from './schema/schema.js';
import { REDACTED, secretKeys } from './secrets.js';
import { keysOf } from './show.js';
import { pattern } from './values/patterns.js';
import { ownPath } from './values/places.js';

/** What happens to one line of the file. */
export interface Edit {
  readonly line: number;
  readonly section: string | null;
  readonly key: string | null;
  /** null: a further line of the same change. */
  readonly why: string | null;
  apply(line: string): string;
}

export interface OldFile {
  readonly tokens: readonly Token[];
  readonly document: IniDocument;
  /** Of the file itself, by which its own paths go. */
  readonly path: string;
  /** Passwords are left in; otherwise they read `[redacted]`. */
  readonly secrets: boolean;
}

/** Every change that the modern form of a file takes. */
export function upgradeRules(file: OldFile): Edit[] {
  const dead = [...overwritten(file), ...withoutEffect(file)];
  const gone = new Set(dead.map(({ line }) => line));
  // What is hidden first cannot be shown by a later change of its line.
  return [
    ...(file.secrets ? [] : hiddenValues(file)),
    ...remarks(file),
    ...dead,
    ...[...newValues(file), ...barePercents(file)].filter(({ line }) => !gone.has(line)),
  ];
}

function hiddenValues({ tokens, document }: OldFile): Edit[] {
  const hidden = secretKeys(document);
  return tokens.flatMap((token): Edit[] => {
    if (token.kind !== 'entry' || !hidden.has(token.key)) return [];
    const { section, key, raw, lines } = token;
    return raw.split('\n').flatMap((piece, index) => {
      const apply = (line: string) => (piece === '' ? line : replaceValue(line, piece, REDACTED, index === 0));
      return [{ line: lines[index] ?? 0, section, key, why: null, apply }];
    });
  });
}

const remarks = ({ tokens }: OldFile): Edit[] =>
  tokens.flatMap((token): Edit[] => {
    if (token.kind !== 'warning' || token.message !== 'a REM line is ignored') return [];
    const why = 'a comment begins with ; or #';
    return [{ line: token.line, section: token.section, key: null, why, apply: (line) => line.replace(/rem\s*/i, '; ') }];
  });

/** Of a key that is set twice only the last counts. */
function overwritten({ tokens }: OldFile): Edit[] {
  const last = new Map<string, Token>();
  for (const token of tokens) if (token.kind === 'entry') last.set(JSON.stringify([token.section, token.key]), token);
  return tokens.flatMap((token) => {
    const winner = token.kind === 'entry' ? last.get(JSON.stringify([token.section, token.key])) : undefined;
    if (token.kind !== 'entry' || winner?.kind !== 'entry' || winner === token) return [];
    return commentOut(token, `is set again on line ${winner.lines[0] ?? 0}, and that one counts`);
  });
}

/** Keys that nothing reads, unless they look like a slip of the pen. */
function withoutEffect({ document, path }: OldFile): Edit[] {
  const reader = createReader(document, path, neededNames(document));
  for (const section of sectionsOf(document)) {
    const keys = allKeysOf(section);
    if (keys !== null) reader.unknown(section, keys);
  }
  return reader.problems.flatMap((problem) => {
    const section = problem.section === null ? undefined : sectionOf(document, problem.section);
    const entry = problem.key === null ? undefined : section?.own.get(problem.key);
    if (entry === undefined || problem.hint !== null) return [];
    return commentOut(entry, problem.message === 'unknown key' ? 'nothing reads it' : problem.message);
  });
}

/** What values that something reads refer to, directly or not. */
function neededNames(document: IniDocument): ReadonlySet<string> {
  const entries = sectionsOf(document).flatMap((section) =>
    [...section.own.values()].map((entry) => ({ entry, keys: allKeysOf(section) })),
  );
  const byKey = new Map<string, IniEntry[]>();
  for (const { entry } of entries) byKey.set(entry.key, [...(byKey.get(entry.key) ?? []), entry]);
  const needed = new Set<string>();
  const queue = entries.flatMap(({ entry, keys }) => (keys === null || Object.hasOwn(keys, entry.key) ? entry : []));
  for (const entry of queue) {
    for (const name of referencesOf(entry.raw)) {
      if (!needed.has(name)) queue.push(...(byKey.get(name) ?? []));
      needed.add(name);
    }
  }
  return needed;
}

const sectionsOf = (document: IniDocument): IniSection[] => [document.defaults, ...document.sections.values()];
/** [DEFAULT] can hold any key for its heirs. */
const allKeysOf = (section: IniSection): Keys | null => (section.name === DEFAULT_SECTION ? ANY_KEYS : keysOf(section));

const commentOut = ({ section, key, lines }: Pick<IniEntry, 'section' | 'key' | 'lines'>, why: string): Edit[] =>
  lines.map((line, index) => ({
    line,
    section,
    key,
    why: index === 0 ? why : null,
    apply: (text) => (text.trim() === '' ? text : `;${text}`),
  }));

/** Values of one line that are read in another way than they are written. */
function newValues({ document, path }: OldFile): Edit[] {
  return sectionsOf(document).flatMap((section) =>
    [...section.own.values()].flatMap((entry): Edit[] => {
      const modern = modernValue(section, entry, path);
      if (modern === null) return [];
      const apply = (line: string) => replaceValue(line, entry.raw, modern.raw, true);
      return [{ line: entry.line, section: section.name, key: entry.key, why: modern.why, apply }];
    }),
  );
}

function modernValue(section: IniSection, { key, raw }: IniEntry, path: string): { readonly raw: string; readonly why: string } | null {
  const keys = keysOf(section);
  const type = keys !== null && Object.hasOwn(keys, key) ? keys[key]?.type : undefined;
  if (type === undefined || raw.includes('\n') || raw.includes('%(')) return null;
  const posix = path.startsWith('/');
  if (key === 'ping_command' && posix && /(?:^|\s)-n\s+\d+(?=\s|$)/.test(raw))
    return { raw: raw.replace(/(^|\s)-n(?=\s+\d+(?:\s|$))/, '$1-c'), why: '-n counts packets on Windows, -c does so here' };
  if (type === ownPath && posix && isWindowsPath(raw))
    return { raw: lastPart(raw), why: "a path of Windows; here the file lies in this file's own folder" };
  if (type !== pattern) return null;
  const text = section.get(key);
  const parsed = text?.ok === true ? pattern.parse(text.text, path) : null;
  if (parsed?.ok !== true || parsed.warning === undefined || parsed.warning.endsWith('matches every line')) return null;
  return { raw: parsed.value.replaceAll('%', '%%'), why: parsed.warning };
}

/** A `%` that stands for itself is written `%%`. */
function barePercents({ document, path }: OldFile): Edit[] {
  return sectionsOf(document).flatMap((section) =>
    [...section.own.values()].flatMap((entry) => {
      if (!entry.raw.includes('%') || modernValue(section, entry, path) !== null) return [];
      return entry.raw.split('\n').flatMap((piece, index): Edit[] => {
        if (!cutReferences(piece).bare) return [];
        const line = entry.lines[index] ?? entry.line;
        const apply = (text: string) => replaceValue(text, piece, doubled(piece), index === 0);
        return [{ line, section: section.name, key: entry.key, why: 'a single % is written %%', apply }];
      });
    }),
  );
}

const doubled = (raw: string): string => raw.replace(/%%|%\([^)]+\)s|%(?!\()/g, (found) => (found === '%' ? '%%' : found));

/** Behind the delimiter if the line is the first of its entry; what surrounds the value stays. */
function replaceValue(line: string, old: string, now: string, first: boolean): string {
  const at = line.indexOf(old, first ? line.search(/[=:]/) + 1 : 0);
  return at < 0 ? line : line.slice(0, at) + now + line.slice(at + old.length);
}

const sectionOf = (document: IniDocument, name: string): IniSection | undefined =>
  name === DEFAULT_SECTION ? document.defaults : document.sections.get(name);
