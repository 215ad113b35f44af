import { messageOf } from '../../../shared/errors.js';
import { joinFlags, compilePattern } from '../../../shared/pattern.js';
import { bad, doubtful, good, shown, type ValueType } from './value-type.js';

/**
 * A regular expression in the syntax that Python and JavaScript share; '' matches nothing. Alternatives may stand on lines of their
 * own. What old files write in Python's way alone is rewritten; the flags of a part are those of the whole, as they were in Python 2.
 */
export const pattern: ValueType<string> = {
  name: 'regular expression',
  blank: '',
  parse(value) {
    if (value.length > MAX_LENGTH) return bad(`a pattern of ${value.length} characters is longer than ${MAX_LENGTH}`);
    const lines = value.split('\n').map((line) => fromPython(line.trim()));
    const flags = FLAGS.filter((flag) => lines.some((line) => line.flags.includes(flag))).join('');
    const bare = lines.map((line) => withoutEmptyAlternatives(line.body)).filter((body) => body !== '');
    if (bare.length === 0) return good('');
    const text = joinFlags(flags, bare.join('|'));
    const failure = compileError(text);
    if (failure !== null) return bad(`${shown(value)} is not a regular expression: ${failure}`, hintFor(text));
    if (lines.length === 1 && lines[0]?.body !== bare[0])
      return doubtful(text, 'an empty alternative would match every line: it is left out');
    if (compilePattern(text).test('')) return doubtful(text, `${shown(value)} matches every line`);
    const front = fromPython(/^\s*\(\?[aiLmsux]+\)/.exec(value)?.[0].trim() ?? '').flags;
    const late = FLAGS.filter((flag) => flags.includes(flag) && !front.includes(flag)).join('');
    return late === '' ? good(text) : doubtful(text, `the flag (?${late}) counts for the whole pattern`, 'write it at the start');
  },
};

const FLAGS = ['i', 'm', 's'];
const MAX_LENGTH = 16_384;

/**
 * `(?P<name>…)`, `(?P=name)`, `(?#…)`, `\A`, `\Z` and a `]` at the beginning of a class are Python's; all but the comment exist in
 * JavaScript under other names. Of the flags, a, L and u say nothing of a search in UTF-8; x is left where it is, and fails.
 */
function fromPython(text: string): { readonly flags: string; readonly body: string } {
  let flags = '';
  const body = text.replace(PYTHON, (found: string, name?: string, set?: string) => {
    if (set !== undefined) flags += set.replace(/[aLu]/g, '');
    if (set !== undefined || found.startsWith('(?#')) return '';
    if (name !== undefined) return `\\k<${name}>`;
    if (found.startsWith('[')) return found.replace(/^\[(\^?)\](?=.)/s, '[$1\\]');
    return { '(?P<': '(?<', '\\A': '^', '\\Z': '$' }[found] ?? found;
  });
  return { flags, body };
}

/** A class is one piece. What does not end goes on to the end of the text, so that no text takes long. */
const PYTHON = /\\[\s\S]|\[\^?\]?(?:\\[\s\S]|[^\]\\])*(?:\]|$)|\(\?P<|\(\?P=(\w+)\)|\(\?([aiLmsu]+)\)|\(\?#[^)]*(?:\)|$)/g;

function withoutEmptyAlternatives(text: string): string {
  let start = 0;
  while (text[start] === '|') start++;
  let end = text.length;
  while (end > start && text[end - 1] === '|' && !isEscaped(text, end - 1)) end--;
  return text.slice(start, end);
}

function isEscaped(text: string, index: number): boolean {
  let slashes = 0;
  while (text[index - 1 - slashes] === '\\') slashes++;
  return slashes % 2 === 1;
}

function compileError(text: string): string | null {
  try {
    compilePattern(text);
    return null;
  } catch (error) {
    return messageOf(error).replace(/^Invalid regular expression: .*: /s, '');
  }
}

function hintFor(text: string): string | null {
  const [, flags, end] = /\(\?([aiLmsux]+)([:)])/.exec(text) ?? [];
  if (flags?.includes('x') === true) return 'the flag x is not supported: write the pattern without blanks and comments';
  return end === ':' ? 'flags for a part are not supported: write (?i) at the start' : null;
}
