import { messageOf, type AppError } from '../../../shared/errors.js';
import type { Style } from './style.js';
import { oneLine, printable } from './text.js';

/** What failed, on what, and what to do; for people. `verbose` tells the causes as well. */
export function formatError(error: AppError, exit: number, verbose: boolean, style: Style): string {
  const head = exit === 130 ? style.warn('ctl:') : style.bad('ctl:');
  const hint = error.hint === undefined ? '' : `  ${style.glyphs.arrow} ${printable(error.hint)}\n`;
  const causes = verbose ? causesOf(error).map((cause) => `  because: ${oneLine(cause)}\n`) : [];
  return `${head} ${printable(error.message)}\n${causes.join('')}${hint}`;
}

export interface ErrorContext {
  readonly action: string | null;
  readonly exit: number;
  /** Of a command whose output is a stream: its last line is always of the type `result`. */
  readonly stream?: { readonly operation: string | null } | undefined;
}

export const errorToJson = (error: AppError, { action, exit, stream }: ErrorContext): object => ({
  ...(stream === undefined ? {} : { type: 'result' }),
  schema: 1,
  action,
  exit,
  ...(stream === undefined ? {} : { operation: stream.operation }),
  error: { code: error.code, message: error.message, hint: error.hint ?? null },
});

/** A document of `--json`, in one line. */
export const toLine = (document: object): string => `${JSON.stringify(document)}\n`;

function causesOf(error: AppError): string[] {
  const causes: string[] = [];
  for (
    let cause = error.cause;
    cause !== undefined && causes.length < MAX_CAUSES;
    cause = cause instanceof Error ? cause.cause : undefined
  ) {
    causes.push(messageOf(cause));
  }
  return causes;
}

const MAX_CAUSES = 5;
