import type { LogEntry } from '../../shared/model/log-report.js';

/** One entry of a log while it is put together. */
export interface RawEntry {
  readonly entry: LogEntry;
  /** Of the lines that were asked about, whether one matched. */
  readonly critical: boolean;
  readonly ignored: boolean;
}

interface LineTest {
  readonly critical: (line: string) => boolean;
  readonly ignored: (line: string) => boolean;
}

interface EntrySplitter {
  push(chunk: Buffer): void;
  end(): void;
}

/**
 * Cuts a log into entries, however its bytes arrive. A line with a time stamp begins an entry, the lines after it without one belong
 * to it (a traceback), and so do those before the first. Zope 2 writes a line of six dashes before each entry: a separator if an entry
 * follows. Memory is bounded: of a line the first 16 KiB count, of an entry the first 8 KiB.
 */
export function createEntrySplitter(test: LineTest, onEntry: (entry: RawEntry) => void): EntrySplitter {
  let current: { time: string | null; level: string | null; text: string; critical: boolean; ignored: boolean } | null = null;
  let separator = false;
  const lines = createLineSplitter(onLine);
  return {
    push: (chunk) => lines.push(chunk),
    end() {
      lines.end();
      if (separator) add(SEPARATOR);
      finish();
    },
  };

  function onLine(line: string): void {
    const header = parseHeader(line);
    if (header !== null) {
      separator = false;
      finish();
      current = { ...header, text: '', critical: false, ignored: false };
      add(line);
      return;
    }
    if (separator) add(SEPARATOR);
    separator = line === SEPARATOR;
    if (!separator) add(line);
  }

  function add(line: string): void {
    current ??= { time: null, level: null, text: '', critical: false, ignored: false };
    current.critical ||= test.critical(line);
    current.ignored ||= test.ignored(line);
    if (current.text.length < MAX_TEXT) current.text = `${current.text}${current.text === '' ? '' : '\n'}${line}`.slice(0, MAX_TEXT);
  }

  function finish(): void {
    if (current === null) return;
    const { time, level, text, critical, ignored } = current;
    current = null;
    if (text.trim() !== '') onEntry({ entry: { time, level, text: text.trimEnd() }, critical, ignored });
  }
}

const SEPARATOR = '------';
const MAX_TEXT = 8 * 1024;
export const MAX_LINE_BYTES = 16 * 1024;

/** Time stamp and level of a line that begins an entry. Zope pads the level and cuts it to seven letters. */
export function parseHeader(line: string): { readonly time: string; readonly level: string | null } | null {
  const match = /^(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[,.]\d{1,6})?)(?:\s+([A-Z]{4,8})(?=\s|$))?/.exec(line);
  if (match?.[1] === undefined) return null;
  const level = match[2] ?? null;
  return { time: match[1], level: level === 'CRITICA' ? 'CRITICAL' : level };
}

/** Lines without their end; of a long one the beginning. */
function createLineSplitter(onLine: (line: string) => void): EntrySplitter {
  let parts: Buffer[] = [];
  let length = 0;
  return {
    push(chunk) {
      let from = 0;
      for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, from)) {
        keep(chunk.subarray(from, at));
        flush();
        from = at + 1;
      }
      keep(chunk.subarray(from));
    },
    end() {
      if (length > 0) flush();
    },
  };

  function keep(part: Buffer): void {
    if (part.length === 0) return;
    // A copy: the reader uses its buffer again.
    if (length < MAX_LINE_BYTES) parts.push(Buffer.from(part.subarray(0, MAX_LINE_BYTES - length)));
    length += part.length;
  }

  function flush(): void {
    const [only] = parts;
    const bytes = parts.length === 1 && only !== undefined ? only : Buffer.concat(parts);
    parts = [];
    length = 0;
    onLine(textOfLine(bytes));
  }
}

export function textOfLine(bytes: Buffer): string {
  const text = bytes.toString('utf8');
  return text.endsWith('\r') ? text.slice(0, -1) : text;
}

const NEWLINE = 0x0a;
