import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { AppError, isErrno, toAppError } from '../errors.js';
import { createInTurn } from '../in-turn.js';
import { parseJson } from '../json.js';
import { makeFolder, openDurableLog, writeFileAtomic, type DurableLog } from './files.js';

/**
 * What a process knows, kept in a file of JSON lines: a change is a line more, and a file that has grown long is written anew from what is
 * known by then. A crash at any moment leaves what was known before a change or after it, and a change that was answered for is there.
 */
export interface CompactedLog<Line> {
  /**
   * Resolves when the lines are on the disk. `known` has to tell of the change already: it may be written instead. Where it rejects the file
   * may lack the change, until the next call, which writes all that is known.
   */
  append(...lines: readonly Line[]): Promise<void>;
  /** What was appended before is on the disk then. */
  close(): Promise<void>;
}

export interface CompactedLogOptions<Line> {
  /** A line as it stands in the file; null: it is none of ours. */
  readonly parse: (value: unknown) => Line | null;
  /** Hears the lines that the file holds, in order. To hear a line twice has to change nothing. */
  readonly learn: (line: Line) => void;
  /** The lines that say all that is known now. */
  readonly known: () => Iterable<Line>;
  /** Beyond so many lines the file is written anew: well over what is `known`. */
  readonly mostLines: number;
  /** What to do about a damaged file. */
  readonly hint: string;
}

/** Errors: `failed` for a file that cannot be read or understood, which is never taken for an empty one. A torn last line is cut: nobody was told of it. */
export async function openCompactedLog<Line>(path: string, options: CompactedLogOptions<Line>): Promise<CompactedLog<Line>> {
  const { learn, known, mostLines } = options;
  await makeFolder(dirname(path));
  const held = await readLines(path, options);
  for (const line of held) learn(line);
  let log: DurableLog | null = await openDurableLog(path);
  let count = held.length;
  const inTurn = createInTurn();

  return {
    append: (...lines) => inTurn(() => (log === null || count >= mostLines ? compact() : extend(log, lines))),
    close: () => inTurn(async () => log?.close()),
  };

  async function extend(to: DurableLog, lines: readonly Line[]): Promise<void> {
    try {
      await to.append(lines.map((line) => JSON.stringify(line)).join('\n'));
      count += lines.length;
    } catch (error) {
      await drop(to);
      throw error;
    }
  }

  /** Between the two files there is none: if this fails, what was open may be no longer the file of that name. */
  async function compact(): Promise<void> {
    if (log !== null) await drop(log);
    const lines = [...known()].map((line) => `${JSON.stringify(line)}\n`);
    await writeFileAtomic(path, lines.join(''));
    log = await openDurableLog(path);
    count = lines.length;
  }

  async function drop(old: DurableLog): Promise<void> {
    log = null;
    await old.close();
  }
}

async function readLines<Line>(path: string, { parse, hint }: CompactedLogOptions<Line>): Promise<readonly Line[]> {
  const bytes = await readFile(path).catch((error: unknown) => {
    if (isErrno(error, 'ENOENT')) return Buffer.alloc(0);
    throw toAppError(error, 'failed', `${path} cannot be read`);
  });
  const whole = bytes.toString('utf8', 0, bytes.lastIndexOf(0x0a) + 1);
  return whole
    .split('\n')
    .slice(0, -1)
    .map((text, index) => {
      const line = parse(parseJson(text));
      if (line !== null) return line;
      throw new AppError('failed', `${path}:${index + 1} is damaged`, { hint });
    });
}
