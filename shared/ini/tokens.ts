import { indentOf, isBlank, strip, stripEnd } from './blank.js';

/** One thing that an ini file says. `lines` tells for each line of `raw` where it stands in the file. */
export type Token =
  | { readonly kind: 'section'; readonly name: string; readonly line: number }
  | { readonly kind: 'entry'; readonly section: string; readonly key: string; readonly raw: string; readonly lines: readonly number[] }
  | {
      readonly kind: 'error' | 'warning';
      readonly section: string | null;
      readonly line: number;
      readonly message: string;
      readonly hint?: string;
    };

/**
 * Reads the dialect of Python's `ConfigParser(strict=False, inline_comment_prefixes=(';',))` line by line, as `_read` of configparser
 * does; beside it, a line `REM …` is a comment with a warning, and a wrong line does not end the reading.
 */
export function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  let section: string | null = null;
  let entry: OpenEntry | null = null;
  let indent = 0;
  let headless = false;

  const close = () => {
    if (entry !== null) tokens.push(finish(entry));
    entry = null;
  };

  for (const [index, full] of text.split(/\r\n|\r|\n/).entries()) {
    const line = index + 1;
    const content = strip(full);
    const remark = /^rem(?:$|\s+[^\s=:])/i.test(content);
    if (remark) tokens.push({ kind: 'warning', section, line, message: 'a REM line is ignored', hint: 'comments begin with # or ;' });
    const comment = remark ? 0 : commentStart(full, content);
    const value = comment === null ? content : strip(full.slice(0, comment));
    if (value === '') {
      if (comment === null) entry?.pieces.push({ text: '', line });
      continue;
    }
    const depth = indentOf(full);
    if (entry !== null && depth > indent) {
      entry.pieces.push({ text: value, line });
      continue;
    }
    indent = depth;
    const header = sectionName(value);
    if (header !== null) {
      close();
      section = header;
      tokens.push({ kind: 'section', name: header, line });
    } else if (section === null) {
      if (!headless) tokens.push({ kind: 'error', section, line, message: 'stands before the first [section]' });
      headless = true;
    } else {
      const at = value.search(/[=:]/);
      if (at > 0) {
        close();
        entry = { section, key: stripEnd(value.slice(0, at)).toLowerCase(), pieces: [{ text: strip(value.slice(at + 1)), line }] };
      } else {
        const message = at === 0 ? 'a value without a key' : 'neither a [section] nor "key = value"';
        const hint = 'a line that continues a value must be indented more than its key';
        tokens.push({ kind: 'error', section, line, message, ...(at === 0 ? {} : { hint }) });
      }
    }
  }
  close();
  return tokens;
}

interface OpenEntry {
  readonly section: string;
  readonly key: string;
  readonly pieces: { text: string; line: number }[];
}

/** Empty lines inside a value are part of it, those after it are not. */
function finish({ section, key, pieces }: OpenEntry): Token {
  while (pieces.length > 1 && pieces.at(-1)?.text === '') pieces.pop();
  return { kind: 'entry', section, key, raw: pieces.map((p) => p.text).join('\n'), lines: pieces.map((p) => p.line) };
}

/** Where the comment of a line begins; null if it has none. */
function commentStart(full: string, content: string): number | null {
  if (content.startsWith('#') || content.startsWith(';')) return 0;
  for (let at = full.indexOf(';'); at >= 0; at = full.indexOf(';', at + 1)) {
    if (at === 0 || isBlank(full, at - 1)) return at;
  }
  return null;
}

/** Up to the last bracket: `[a]b]` is the section `a]b`; what follows it is ignored, as Python does. */
function sectionName(value: string): string | null {
  const end = value.lastIndexOf(']');
  return value.startsWith('[') && end > 1 ? value.slice(1, end) : null;
}
