import { readFile, truncate } from 'node:fs/promises';
import { AppError, isErrno, toAppError } from '../../shared/errors.js';
import type { AgentEvent } from '../../shared/model/agent-event.js';

/** What happens to the events that wait, as it stands in their file. */
export type EventLine = { readonly event: AgentEvent } | { readonly taken: readonly string[] };

export const formatLine = (line: EventLine): string => JSON.stringify(line);

/** A last line that was being written when we died is cut. Errors: `failed`, for a file that cannot be read or understood. */
export async function readEventLines(path: string): Promise<readonly EventLine[]> {
  const bytes = await readFile(path).catch((error: unknown) => {
    if (isErrno(error, 'ENOENT')) return Buffer.alloc(0);
    throw toAppError(error, 'failed', `${path} cannot be read`);
  });
  const whole = bytes.lastIndexOf(0x0a) + 1;
  if (whole < bytes.length) await truncate(path, whole);
  const lines = bytes.toString('utf8', 0, whole).split('\n').slice(0, -1);
  return lines.map((text, index) => {
    const line = parseLine(text);
    if (line !== null) return line;
    throw new AppError('failed', `${path}:${index + 1} is damaged`, {
      hint: `move ${path} away: the controller is then not told of what it holds`,
    });
  });
}

function parseLine(text: string): EventLine | null {
  try {
    const value: unknown = JSON.parse(text);
    return isLine(value) ? value : null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

function isLine(value: unknown): value is EventLine {
  const line = fields(value);
  if (Array.isArray(line.taken)) return line.taken.every((id) => typeof id === 'string');
  return isEvent(fields(line.event));
}

function isEvent({ id, at, service, omitted, kind, entry, file, process, why, lastEntry }: Fields): boolean {
  if (typeof id !== 'string' || typeof at !== 'number' || typeof service !== 'string') return false;
  if (omitted !== undefined && typeof omitted !== 'number') return false;
  if (kind === 'died')
    return typeof process === 'string' && typeof why === 'string' && (lastEntry === undefined || typeof lastEntry === 'string');
  const { time, level, text } = fields(entry);
  return kind === 'critical-entry' && typeof file === 'string' && typeof text === 'string' && isTextOrNull(time) && isTextOrNull(level);
}

type Fields = Readonly<Record<string, unknown>>;

const fields = (value: unknown): Fields => (typeof value === 'object' && value !== null ? (value as Fields) : {});
const isTextOrNull = (value: unknown): boolean => value === null || typeof value === 'string';
