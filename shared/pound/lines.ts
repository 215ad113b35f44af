/** A word of a pound.cfg: a keyword, a literal, or a quoted string without its quotes. Offsets count into the text of its file. */
export interface Word {
  readonly text: string;
  readonly quoted: boolean;
  readonly start: number;
  readonly end: number;
}

/** One directive: a physical line, or several joined by a backslash. `end` is behind the line break. */
export interface Line {
  readonly start: number;
  readonly end: number;
  readonly words: readonly Word[];
}

/** Splits the text of one file into the lines that say something; comments, blank lines and verbatim text are left out. */
export function scanLines(text: string): Line[] {
  const lines: Line[] = [];
  let at = 0;
  while (at < text.length) {
    const line = scanLine(text, at);
    at = line.end;
    if (line.words.length === 0) continue;
    lines.push(line);
    if (keywordOf(line) === 'configtext') at = endOfVerbatim(text, at);
  }
  return lines;
}

export const keywordOf = (line: { readonly words: readonly Word[] }): string => {
  const [first] = line.words;
  return first === undefined || first.quoted ? '' : first.text.toLowerCase();
};

function scanLine(text: string, start: number): Line {
  const words: Word[] = [];
  let at = start;
  for (;;) {
    const char = text[at];
    if (char === undefined) return { start, end: at, words };
    if (char === '\n') return { start, end: at + 1, words };
    if (char === '\\' && text[at + 1] === '\n') at += 2;
    else if (BLANK.test(char)) at++;
    else if (char === '#') at = endOfPhysicalLine(text, at);
    else {
      const word = char === '"' ? scanString(text, at) : scanLiteral(text, at);
      words.push(word);
      at = word.end;
    }
  }
}

const BLANK = /[ \t\r\v\f]/;

function scanString(text: string, start: number): Word {
  let value = '';
  let at = start + 1;
  while (at < text.length && text[at] !== '"' && text[at] !== '\n') {
    if (text[at] === '\\' && (text[at + 1] === '"' || text[at + 1] === '\\')) at++;
    value += text[at] ?? '';
    at++;
  }
  return { text: value, quoted: true, start, end: text[at] === '"' ? at + 1 : at };
}

function scanLiteral(text: string, start: number): Word {
  let at = start;
  while (at < text.length && !/[ \t\r\v\f\n"]/.test(text[at] ?? '') && !(text[at] === '\\' && text[at + 1] === '\n')) at++;
  return { text: text.slice(start, at), quoted: false, start, end: at };
}

function endOfPhysicalLine(text: string, from: number): number {
  const at = text.indexOf('\n', from);
  return at === -1 ? text.length : at;
}

/** `ConfigText` holds the text of another program up to a line that says End and nothing else. */
function endOfVerbatim(text: string, from: number): number {
  let at = from;
  while (at < text.length) {
    const end = endOfPhysicalLine(text, at);
    if (/^[ \t]*end[ \t\r]*$/i.test(text.slice(at, end))) return at;
    at = end + 1;
  }
  return text.length;
}
