import { canonicalEntry, canonicalSection, readCanonical } from './canonical.js';
import { createDocument, DEFAULT_SECTION, type IniDocument, type IniEntry, type IniSection } from './document.js';
import { cutReferences } from './interpolation.js';
import { sortProblems, type Problem } from './problem.js';
import { decodeSource } from './source.js';
import { tokenize, type Token } from './tokens.js';

export { DEFAULT_SECTION, type IniDocument, type IniEntry, type IniSection } from './document.js';
export { formatProblem, hasErrors, sortProblems, type Problem } from './problem.js';

export interface ParsedIni {
  /** What could be read: worth to look at for further problems even if there is an error among `problems`. */
  readonly document: IniDocument;
  readonly problems: readonly Problem[];
}

/**
 * Reads an ini file in the dialect of Python's ConfigParser (see 1-cluster-ini.md). Never throws: all problems come at once, in the
 * order of the file, named by `file`.
 */
export function parseIni(content: Uint8Array | string, file: string): ParsedIni {
  const source = decodeSource(content);
  if (!source.ok) {
    const { line, message, hint } = source;
    const problem: Problem = { severity: 'error', file, line, section: null, key: null, message, hint };
    return { document: createDocument(file, []), problems: [problem] };
  }
  const tokens = tokenize(source.text);
  const document = createDocument(file, readCanonical(canonicalText(tokens)));
  return { document, problems: sortProblems([...tokenProblems(tokens, file), ...valueProblems(document)]) };
}

function canonicalText(tokens: readonly Token[]): string {
  const seen = new Set<string>();
  const lines: string[] = [];
  let current: string | null = null;
  for (const token of tokens) {
    if (token.kind === 'section') {
      lines.push(canonicalSection(token.name, seen.has(token.name) ? null : token.line));
      seen.add(token.name);
      current = token.name;
    } else if (token.kind === 'entry' && token.section === current) lines.push(canonicalEntry(token));
  }
  return lines.join('\n');
}

function tokenProblems(tokens: readonly Token[], file: string): Problem[] {
  const problems: Problem[] = [];
  const sections = new Map<string, number>();
  const keys = new Map<string, number>();
  for (const token of tokens) {
    if (token.kind === 'section') {
      const before = sections.get(token.name);
      const message = `this section begins on line ${before ?? 0} already: the two are read as one`;
      if (before === undefined) sections.set(token.name, token.line);
      else problems.push({ severity: 'warning', file, line: token.line, section: token.name, key: null, message, hint: null });
    } else if (token.kind === 'entry') {
      const { section, key } = token;
      const line = token.lines[0] ?? 0;
      const id = JSON.stringify([section, key]);
      const before = keys.get(id);
      const message = `is set on line ${before ?? 0} too: this one counts`;
      if (before !== undefined) problems.push({ severity: 'warning', file, line, section, key, message, hint: null });
      keys.set(id, line);
    } else {
      const { kind, section, line, message, hint } = token;
      problems.push({ severity: kind, file, line, section, key: null, message, hint: hint ?? null });
    }
  }
  return problems;
}

/** Bare `%` everywhere; references that cannot be resolved in ordinary sections. Those of `[DEFAULT]` may still be resolved by an heir. */
function valueProblems(document: IniDocument): Problem[] {
  const at = (entry: IniEntry) => ({ file: document.file, line: entry.line, section: entry.section, key: entry.key });
  const check = (section: IniSection, entry: IniEntry): Problem[] => {
    if (!entry.raw.includes('%')) return [];
    const problems: Problem[] = [];
    const message = 'a % that is neither %% nor %(name)s is taken as it is';
    if (cutReferences(entry.raw).bare) problems.push({ severity: 'warning', ...at(entry), message, hint: 'write %%' });
    const value = section.get(entry.key);
    const later = section.name === DEFAULT_SECTION && value?.ok === false && value.kind === 'missing';
    if (value?.ok === false && !later) problems.push({ severity: 'error', ...at(entry), message: value.why, hint: null });
    return problems;
  };
  return [document.defaults, ...document.sections.values()].flatMap((section) =>
    [...section.own.values()].flatMap((entry) => check(section, entry)),
  );
}
