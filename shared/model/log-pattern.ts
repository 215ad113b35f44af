import { AppError, messageOf } from '../errors.js';
import { posixClass } from './posix-classes.js';

/** A pattern that means the same to ripgrep and to JavaScript, line by line. */
export interface LogPattern {
  /** For ripgrep, which is linear in the length of a line whatever the pattern. */
  readonly rust: string;
  /** For JavaScript. */
  readonly js: RegExp;
  /** No repetition in it, and few ways to go through it: JavaScript too is linear. */
  readonly linear: boolean;
  /** What stands in each line that matches, as it is; '' if nothing is sure. */
  readonly literal: string;
}

export interface PatternOptions {
  readonly ignoreCase: boolean;
}

/**
 * Reads the common ground of JavaScript's, grep -E's and Rust's syntax: alternatives, groups, classes (POSIX ones too), anchors, `\b`,
 * repetitions, and `(?i)` at the beginning. Throws `usage` for the rest, and for what is no pattern at all, with its place.
 */
export function parseLogPattern(text: string, options: PatternOptions): LogPattern {
  const inline = text.startsWith('(?i)');
  const reader: Reader = { text, at: inline ? 4 : 0, literal: '' };
  const { rust, js, ways = 1 } = alternatives(reader, 0);
  if (reader.at < text.length) throw wrong(reader, reader.at, 'nothing is open that this could close');
  const ignoreCase = options.ignoreCase || inline;
  try {
    return {
      rust: `${ignoreCase ? '(?i)' : ''}${rust}`,
      js: new RegExp(js, ignoreCase ? 'i' : ''),
      linear: ways <= MAX_WAYS,
      literal: ignoreCase ? '' : reader.literal,
    };
  } catch (error) {
    throw new AppError('usage', `not a pattern: ${text} (${messageOf(error)})`, { cause: error });
  }
}

/** JavaScript tries them all, at each character of a line: `(a|a)` twenty times is a million. */
const MAX_WAYS = 64;

interface Reader {
  readonly text: string;
  at: number;
  literal: string;
}

/** The same piece in both languages. */
interface Piece {
  readonly rust: string;
  readonly js: string;
  /** Of what eats any character but some ASCII ones: the same byte by byte, for `*` and `+` after it. */
  readonly bytewise?: string;
  /** In how many ways it can be gone through; default: one. */
  readonly ways?: number;
}

function alternatives(reader: Reader, depth: number): Piece {
  const branches = [sequence(reader, depth)];
  while (reader.text[reader.at] === '|') {
    reader.at += 1;
    branches.push(sequence(reader, depth));
  }
  if (depth === 0 && branches.length > 1) reader.literal = '';
  return {
    rust: branches.map((b) => b.rust).join('|'),
    js: branches.map((b) => b.js).join('|'),
    ways: branches.reduce((sum, { ways = 1 }) => sum + ways, 0),
  };
}

function sequence(reader: Reader, depth: number): Piece {
  let rust = '';
  let js = '';
  let ways = 1;
  let run = '';
  for (let char = reader.text[reader.at]; char !== undefined && char !== '|' && char !== ')'; char = reader.text[reader.at]) {
    const start = reader.at;
    const piece = atom(reader, depth);
    const times = repetition(reader);
    if (times !== '' && ANCHORS.has(reader.text.slice(start, reader.at - times.length)))
      throw wrong(reader, start, 'this cannot be repeated');
    rust += (/^[*+]/.test(times) ? (piece.bytewise ?? piece.rust) : piece.rust) + times;
    js += piece.js + times;
    ways *= times === '' ? (piece.ways ?? 1) : times === '?' ? (piece.ways ?? 1) + 1 : Infinity;
    run = times === '' && /^[\w ]$/.test(char) ? run + char : '';
    if (depth === 0 && run.length > reader.literal.length) reader.literal = run;
  }
  return { rust, js, ways };
}

const ANCHORS: ReadonlySet<string> = new Set(['^', '$', '\\b', '\\B']);

function atom(reader: Reader, depth: number): Piece {
  const start = reader.at;
  const char = reader.text[start] ?? '';
  switch (char) {
    case '(':
      return group(reader, depth);
    case '[':
      return bracket(reader);
    case '\\':
      return escape(reader);
    case '.':
      reader.at += 1;
      return { rust: ANY, js: '.', bytewise: '(?-u:.)' };
    case '^':
      reader.at += 1;
      return { rust: '^', js: '^' };
    case '$':
      reader.at += 1;
      // A log that Windows wrote has a carriage return there.
      return { rust: '\\r?$', js: '\\r?$' };
    case '*':
    case '+':
    case '?':
      throw wrong(reader, start, `there is nothing before ${char} that it could repeat`);
    default: {
      const whole = String.fromCodePoint(reader.text.codePointAt(start) ?? 0);
      reader.at += whole.length;
      const same = /[{}\]]/.test(whole) ? `\\${whole}` : whole;
      return { rust: same, js: same.length > 2 || whole.length > 1 ? `(?:${same})` : same };
    }
  }
}

/** Any character, or a byte that is none (old logs are in Latin-1). */
const ANY = '(?:.|(?-u:[\\x80-\\xFF]))';

function group(reader: Reader, depth: number): Piece {
  const start = reader.at;
  if (depth >= MAX_DEPTH) throw wrong(reader, start, 'groups are too deep');
  const opening = /^\((?:\?(?::|P?<[A-Za-z_]\w*>|.{0,2}))?/s.exec(reader.text.slice(start))?.[0] ?? '(';
  if (/^\(\?<?[=!]/.test(opening)) throw wrong(reader, start, 'looking ahead or behind is not possible here');
  if (opening.startsWith('(?') && !/^\(\?(:|P?<\w+>)$/.test(opening)) throw wrong(reader, start, 'this kind of group is not known here');
  reader.at += opening.length;
  const { rust, js, ways = 1 } = alternatives(reader, depth + 1);
  if (reader.text[reader.at] !== ')') throw wrong(reader, start, 'this group is not closed');
  reader.at += 1;
  return { rust: `(?:${rust})`, js: `(?:${js})`, ways };
}

const MAX_DEPTH = 50;

function repetition(reader: Reader): string {
  const found = /^(?:[*+?]|\{(\d{1,4})(?:,(\d{0,4}))?\})\??/.exec(reader.text.slice(reader.at));
  if (found === null) return '';
  const [text, least, most] = found;
  if (least !== undefined && most !== undefined && most !== '' && Number(most) < Number(least))
    throw wrong(reader, reader.at, 'the numbers are the wrong way round');
  if (Number(least ?? 0) > MAX_REPEAT || Number(most ?? 0) > MAX_REPEAT)
    throw wrong(reader, reader.at, `at most ${MAX_REPEAT} repetitions can be counted`);
  reader.at += text.length;
  if (/^[*+?]|^\{\d+(?:,\d*)?\}/.test(reader.text.slice(reader.at)))
    throw wrong(reader, reader.at, 'there is nothing before this that it could repeat');
  return text;
}

const MAX_REPEAT = 1000;

function escape(reader: Reader): Piece {
  const start = reader.at;
  const { text } = reader;
  const found = /^\\(?:x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|[\s\S])/u.exec(text.slice(start))?.[0];
  if (found === undefined) throw wrong(reader, start, 'a backslash at the end escapes nothing');
  reader.at += found.length;
  const name = found.slice(1);
  const known = ESCAPES[name];
  if (known !== undefined) return known;
  if (/^[xu]./.test(name)) {
    const code = name.slice(1).padStart(4, '0');
    return { rust: `\\x{${code}}`, js: `\\u${code}` };
  }
  if (/^[1-9]$/.test(name) || name === 'k') throw wrong(reader, start, 'looking back at a group is not possible here');
  if (/^[A-Za-z0-9]$/.test(name)) throw wrong(reader, start, `\\${name} is not known here`);
  return literal(name);
}

/** A character that stands for itself, in a class or outside. */
const literal = (char: string): Piece => same(/[\\^$.*+?()[\]{}|/\-&~#]/.test(char) ? `\\${char}` : char);

const same = (text: string): Piece => ({ rust: text, js: text });
const inByte = (rust: string, js: string): Piece => ({ rust, js, bytewise: rust });
const ESCAPES: Readonly<Record<string, Piece>> = {
  d: inByte('[0-9]', '[0-9]'),
  D: { rust: '(?:[^0-9]|(?-u:[\\x80-\\xFF]))', js: '[^0-9]', bytewise: '(?-u:[^0-9\\n])' },
  w: inByte('[0-9A-Za-z_]', '[0-9A-Za-z_]'),
  W: { rust: '(?:[^0-9A-Za-z_]|(?-u:[\\x80-\\xFF]))', js: '[^0-9A-Za-z_]', bytewise: '(?-u:[^0-9A-Za-z_\\n])' },
  s: inByte('[\\t\\x0b\\f\\r ]', '[\\t\\x0b\\f\\r ]'),
  S: { rust: '(?:[^\\t\\n\\x0b\\f\\r ]|(?-u:[\\x80-\\xFF]))', js: '[^\\t\\n\\x0b\\f\\r ]', bytewise: '(?-u:[^\\t\\n\\x0b\\f\\r ])' },
  b: { rust: '(?-u:\\b)', js: '\\b' },
  B: { rust: '(?-u:\\B)', js: '\\B' },
  A: same('^'),
  Z: { rust: '\\r?$', js: '\\r?$' },
  z: { rust: '\\r?$', js: '\\r?$' },
  t: same('\\t'),
  r: same('\\r'),
  f: same('\\f'),
  v: same('\\x0b'),
  e: same('\\x1b'),
  '0': same('\\x00'),
};

/** A class. What is a set operation in Rust (`[`, `&&`, `--`, `~~` inside) is plain here. */
function bracket(reader: Reader): Piece {
  const start = reader.at;
  const negated = reader.text[start + 1] === '^';
  reader.at += negated ? 2 : 1;
  const items: Piece[] = [];
  for (let first = true; ; first = false) {
    const char = reader.text[reader.at];
    if (char === undefined) throw wrong(reader, start, 'this class is not closed');
    if (char === ']' && !first) break;
    items.push(item(reader, start));
  }
  reader.at += 1;
  const rust = items.map((one) => one.rust).join('');
  const js = items.map((one) => one.js).join('');
  if (!negated) return { rust: `[${rust}]`, js: `[${js}]` };
  const ascii = /^[\x20-\x7e]*$/.test(rust) && !rust.includes('\\x{');
  return {
    rust: `(?:[^${rust}\\n]|(?-u:[\\x80-\\xFF]))`,
    js: `[^${js}\\n]`,
    ...(ascii ? { bytewise: `(?-u:[^${rust}\\n])` } : {}),
  };
}

function item(reader: Reader, start: number): Piece {
  const posix = /^\[:(\w+):\]/.exec(reader.text.slice(reader.at));
  if (posix !== null) {
    const members = posixClass(posix[1] ?? '');
    if (members === undefined) throw wrong(reader, reader.at, `there is no class ${posix[0]}`);
    reader.at += posix[0].length;
    return same(members);
  }
  const from = member(reader, start);
  if (reader.text[reader.at] !== '-' || reader.text[reader.at + 1] === ']' || reader.text[reader.at + 1] === undefined) return from.piece;
  const dash = reader.at;
  reader.at += 1;
  const to = member(reader, start);
  if (from.code === null || to.code === null) throw wrong(reader, dash, 'a range needs a character on both sides');
  if (from.code > to.code) throw wrong(reader, dash, 'the ends of the range are the wrong way round');
  return { rust: `${from.piece.rust}-${to.piece.rust}`, js: `${from.piece.js}-${to.piece.js}` };
}

/** One member of a class; `code` is null where it stands for many. */
function member(reader: Reader, start: number): { readonly piece: Piece; readonly code: number | null } {
  const { text, at } = reader;
  const code = text.codePointAt(at);
  if (code === undefined) throw wrong(reader, start, 'this class is not closed');
  if (text[at] !== '\\') {
    if (code > 0xffff) throw wrong(reader, at, 'characters beyond U+FFFF are not possible in a class');
    reader.at += 1;
    return { piece: literal(String.fromCodePoint(code)), code };
  }
  const name = text[at + 1] ?? '';
  if (name === 'b' || name === 'B' || name === 'A' || name === 'Z' || name === 'z') throw wrong(reader, at, `\\${name} is no character`);
  if (name === 'D' || name === 'W' || name === 'S') throw wrong(reader, at, `\\${name} is not possible in a class`);
  const piece = escape(reader);
  const members = /^\[(.*)\]$/s.exec(piece.js)?.[1];
  if (members !== undefined && 'dws'.includes(name)) return { piece: same(members), code: null };
  return {
    piece,
    code: CODES[name] ?? (name === 'x' || name === 'u' ? parseInt(text.slice(at + 2, reader.at), 16) : (name.codePointAt(0) ?? null)),
  };
}

const CODES: Readonly<Record<string, number>> = { t: 9, r: 13, f: 12, v: 11, e: 27, '0': 0 };

function wrong({ text }: Reader, at: number, why: string): AppError {
  const before = Array.from(text.slice(0, at)).length;
  return new AppError('usage', `not a pattern: ${text}\n${' '.repeat('not a pattern: '.length + before)}^ ${why}`, {
    hint: 'a special character is meant as it is after a backslash: \\( \\[ \\. \\*',
  });
}
