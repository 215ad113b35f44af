import { readFile, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError, ERROR_CODES, isErrno, toAppError, type ErrorCode } from '../shared/errors.js';
import { makeFolder, openDurableLog, writeFileAtomic, type DurableLog } from '../shared/ports/files.js';

/** Remembers on disk which commands were carried out, and how they ended. */
export interface Ledger {
  /**
   * Performs a command once. The same id again (at the same time, later, after a restart) answers the same result or the same error
   * and does nothing. Without an end on record (we died in the middle, it was cancelled or timed out) it is performed again.
   * A result must survive JSON.
   */
  once<T>(commandId: string, perform: () => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

/** Errors: `failed` if the file is there and cannot be used: an empty start could do a command twice. */
export async function openLedger(stateDir: string, options: { readonly keep?: number } = {}): Promise<Ledger> {
  const { keep = DEFAULT_KEEP } = options;
  const path = join(stateDir, 'commands.jsonl');
  await makeFolder(stateDir);
  const ended = await load(path);
  const running = new Map<string, Promise<unknown>>();
  let log = await compact();
  let lines = 0;
  let writing: Promise<void> = Promise.resolve();

  return {
    async once<T>(commandId: string, perform: () => Promise<T>): Promise<T> {
      const end = ended.get(commandId);
      if (end !== undefined) return outcomeOf(end) as T;
      const other = running.get(commandId);
      if (other !== undefined) return (await other) as T;
      const work = carryOut(commandId, perform).finally(() => running.delete(commandId));
      running.set(commandId, work);
      return work;
    },
    async close() {
      await Promise.allSettled(running.values());
      await writing;
      await log.close();
    },
  };

  async function carryOut<T>(id: string, perform: () => Promise<T>): Promise<T> {
    await note({ id, state: 'begun' });
    try {
      const result = await perform();
      await finish({ id, state: 'done', ...(result === undefined ? {} : { result }) });
      return result;
    } catch (error) {
      const failure = toAppError(error, 'internal', 'the command failed');
      if (!INCONCLUSIVE.has(failure.code))
        await finish({ id, state: 'failed', error: { code: failure.code, message: failure.message, hint: failure.hint } });
      throw failure;
    }
  }

  async function finish(end: End): Promise<void> {
    await note(end);
    ended.set(end.id, end);
    for (const id of ended.keys()) {
      if (ended.size <= keep) break;
      ended.delete(id);
    }
  }

  function note(line: Line): Promise<void> {
    const written = writing.then(async () => {
      if (lines >= keep * 4) {
        await log.close();
        log = await compact();
        lines = 0;
      }
      await log.append(JSON.stringify(line));
      lines += 1;
    });
    writing = written.catch(() => undefined);
    return written;
  }

  async function compact(): Promise<DurableLog> {
    await writeFileAtomic(path, [...ended.values()].map((end) => `${JSON.stringify(end)}\n`).join(''));
    return openDurableLog(path);
  }
}

/** The caller went away or gave up in the middle: what the command did is not known, so doing it again is the answer. */
const INCONCLUSIVE: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['cancelled', 'timeout']);
/** A command that is asked for again is one whose answer was lost a moment ago: a thousand commands back is far enough. */
const DEFAULT_KEEP = 1000;

type End =
  | { readonly id: string; readonly state: 'done'; readonly result?: unknown }
  | {
      readonly id: string;
      readonly state: 'failed';
      readonly error: { readonly code: ErrorCode; readonly message: string; readonly hint?: string | undefined };
    };
type Line = { readonly id: string; readonly state: 'begun' } | End;

function outcomeOf(end: End): unknown {
  if (end.state === 'done') return end.result;
  throw new AppError(end.error.code, end.error.message, { hint: end.error.hint });
}

async function load(path: string): Promise<Map<string, End>> {
  const ended = new Map<string, End>();
  const bytes = await readFile(path).catch((error: unknown) => {
    if (isErrno(error, 'ENOENT')) return Buffer.alloc(0);
    throw toAppError(error, 'failed', `${path} cannot be read`);
  });
  const whole = bytes.lastIndexOf(0x0a) + 1;
  // A last line without its end was being written when we died: nobody was told of it.
  if (whole < bytes.length) await truncate(path, whole);
  const lines = bytes.toString('utf8', 0, whole).split('\n').slice(0, -1);
  for (const [index, text] of lines.entries()) {
    const line = parseLine(text);
    if (line === null) {
      throw new AppError('failed', `${path}:${index + 1} is damaged`, { hint: `see that no operation is running, then move ${path} away` });
    }
    if (line.state !== 'begun') ended.set(line.id, line);
  }
  return ended;
}

function parseLine(text: string): Line | null {
  try {
    const value: unknown = JSON.parse(text);
    return isLine(value) ? value : null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

function isLine(value: unknown): value is Line {
  if (typeof value !== 'object' || value === null) return false;
  const { id, state, error } = value as Record<string, unknown>;
  if (typeof id !== 'string') return false;
  if (state !== 'failed') return state === 'begun' || state === 'done';
  if (typeof error !== 'object' || error === null) return false;
  const { code, message } = error as Record<string, unknown>;
  return typeof message === 'string' && ERROR_CODES.some((known) => known === code);
}
