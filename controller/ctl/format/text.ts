/** Text from elsewhere on somebody's terminal. */

/**
 * Control characters made visible: a log entry or the answer of a service must not move the cursor, set a title or hide what follows.
 * Line ends and tabs stay.
 */
export function printable(text: string): string {
  return Array.from(text.replaceAll('\r\n', '\n'), (char) => (isControl(char) ? visible(char) : char)).join('');
}

/** The same in one line. */
export const oneLine = (text: string): string =>
  printable(text)
    .replaceAll(/\s*\n\s*/g, ' / ')
    .replaceAll('\t', ' ');

/** At most `width` characters; what was cut off is marked. */
export function clip(text: string, width: number, ellipsis: string): string {
  const chars = Array.from(text);
  if (chars.length <= width) return text;
  return width <= 0 ? '' : chars.slice(0, width - 1).join('') + ellipsis;
}

/** `text` with `before` in front of every line. */
export const indent = (text: string, before: string): string =>
  text
    .replace(/\n+$/, '')
    .split('\n')
    .map((line) => `${before}${line}`)
    .join('\n');

export const lengthOf = (text: string): number => Array.from(text).length;

function isControl(char: string): boolean {
  const code = char.codePointAt(0) ?? 0;
  const bidirectional = (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
  return (code < 0x20 && char !== '\n' && char !== '\t') || (code >= 0x7f && code < 0xa0) || bidirectional;
}

const visible = (char: string): string =>
  char === '\x7f' ? '^?' : char < ' ' ? `^${String.fromCharCode(char.charCodeAt(0) + 64)}` : '\ufffd';
