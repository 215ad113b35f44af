/**
 * A pattern as cluster.ini and the wire have it: JavaScript's syntax, and in front of it the flags i, m and s in the way of Python and
 * ripgrep: `(?i)error`. Throws SyntaxError.
 */
export function compilePattern(pattern: string): RegExp {
  const { flags, body } = splitFlags(pattern);
  return new RegExp(body, flags);
}

export function splitFlags(pattern: string): { readonly flags: string; readonly body: string } {
  const [front, flags] = /^\(\?([ims]+)\)/.exec(pattern) ?? ['', ''];
  return { flags: [...new Set(flags)].join(''), body: pattern.slice(front.length) };
}

export const joinFlags = (flags: string, body: string): string => (flags === '' ? body : `(?${flags})${body}`);
