import { messageOf } from '../../../shared/errors.js';
import { bad, doubtful, good, shown, type Parsed, type ValueType } from './value-type.js';

/**
 * A regular expression in the syntax that Python and JavaScript share; '' matches nothing. Alternatives may stand on lines of their
 * own. What old files write in Python's way alone is rewritten.
 */
export const pattern: ValueType<string> = {
  name: 'regular expression',
  blank: '',
  parse(value) {
    const lines = value.split('\n').map((line) => fromPython(line.trim()));
    const bare = lines.map(withoutEmptyAlternatives).filter((line) => line !== '');
    const text = bare.join('|');
    if (text === '') return good('');
    if (text.length > MAX_LENGTH) return bad(`a pattern of ${text.length} characters is longer than ${MAX_LENGTH}`);
    const failure = compileError(text);
    if (failure !== null) return bad(`${shown(value)} is not a regular expression: ${failure}`, hintFor(text));
    return lines.length === 1 && lines[0] !== text
      ? doubtful(text, 'an empty alternative would match every line: it is left out')
      : checkedForAll(text);
  },
};

const MAX_LENGTH = 16_384;

function checkedForAll(text: string): Parsed<string> {
  return new RegExp(text).test('') ? doubtful(text, `${shown(text)} matches every line`) : good(text);
}

/** `(?P<name>…)`, `(?P=name)`, `\A` and `\Z` are Python's; the named group and the anchors exist in JavaScript under other names. */
const fromPython = (text: string): string =>
  text.replace(/\\[\s\S]|\(\?P<|\(\?P=(\w+)\)/g, (found, name: string | undefined) => {
    if (found === '(?P<') return '(?<';
    if (name !== undefined) return `\\k<${name}>`;
    return found === '\\A' ? '^' : found === '\\Z' ? '$' : found;
  });

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
    new RegExp(text);
    return null;
  } catch (error) {
    return messageOf(error).replace(/^Invalid regular expression: .*: /s, '');
  }
}

const hintFor = (text: string): string | null =>
  /\(\?[aiLmsux]+\)/.test(text) ? 'flags such as (?i) are not supported: write [Ee]rror' : null;
