import ini from 'ini';

export interface CanonicalEntry {
  readonly key: string;
  readonly raw: string;
  readonly lines: readonly number[];
}

/**
 * Text that the package `ini` reads without loss: names and values are JSON strings in a wrapping that keeps them from being taken
 * for `__proto__`, `key[]`, `true` or a comment; dots are escaped, so that a section never nests; a value carries its lines with it.
 */
export const canonicalSection = (name: string, line: number | null): string =>
  `[${quote(wrap(name).replaceAll('.', '\\.'))}]${line === null ? '' : `\n${LINE}=${quote(String(line))}`}`;
export const canonicalEntry = ({ key, raw, lines }: CanonicalEntry): string => `${quote(wrap(key))}=${quote(JSON.stringify([lines, raw]))}`;

export interface CanonicalSection {
  readonly name: string;
  readonly line: number;
  readonly entries: readonly CanonicalEntry[];
}

/** Sections and keys in the order in which they first appeared; of a key written twice the later value. */
export function readCanonical(text: string): CanonicalSection[] {
  const tree = ini.parse(text) as Record<string, Record<string, string>>;
  const sections = Object.entries(tree).map(([name, body]) => {
    const { [LINE]: line, ...entries } = body;
    return { name: unwrap(name), line: Number(line), entries: Object.entries(entries).map(([key, value]) => readEntry(key, value)) };
  });
  // `ini` moves a section with a dot to the end.
  return sections.sort((a, b) => a.line - b.line);
}

function readEntry(key: string, value: string): CanonicalEntry {
  const [lines, raw] = JSON.parse(value) as [number[], string];
  return { key: unwrap(key), raw, lines };
}

const LINE = '@';
const wrap = (name: string): string => `<${name}>`;
const unwrap = (name: string): string => name.slice(1, -1);

/** `=` and `]` end a key and a section for `ini`; its patterns stop at U+2028 and U+2029. */
const quote = (text: string): string =>
  JSON.stringify(text).replace(/[=\]\u2028\u2029]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
