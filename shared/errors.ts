/** What kind of failure it is; exit codes and gRPC statuses are derived from it. */
export const ERROR_CODES = [
  'config', // a file that an operator wrote is wrong
  'usage', // what an operator typed is wrong
  'not-found', // a named thing does not exist
  'conflict', // somebody else holds it, or it changed underneath us
  'precondition', // the world is not in a state in which this is safe
  'unreachable', // nobody answers
  'timeout', // somebody answers too late
  'cancelled', // the caller went away
  'denied', // not allowed
  'unsupported', // this agent, driver or platform cannot do it
  'failed', // it was tried and did not work
  'internal', // a defect of ours
] as const;

export type ErrorCode = (typeof ERROR_CODES)[number];

export interface AppErrorOptions {
  /** What to type or where to look next. */
  readonly hint?: string | undefined;
  readonly cause?: unknown;
}

/** The only error that crosses a module: `message` says what failed and on what, `hint` what to do next. */
export class AppError extends Error {
  override readonly name = 'AppError';
  readonly code: ErrorCode;
  readonly hint: string | undefined;

  constructor(code: ErrorCode, message: string, options: AppErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.hint = options.hint;
  }
}

/** Converts whatever was thrown; a foreign error becomes `code` with `context` in front of its message. */
export function toAppError(error: unknown, code: ErrorCode, context: string, hint?: string): AppError {
  if (error instanceof AppError) return error;
  return new AppError(code, `${context}: ${messageOf(error)}`, { cause: error, hint });
}

export function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // An AggregateError (a connection tried on several addresses) has an empty message of its own.
  if (error.message === '' && error instanceof AggregateError) return error.errors.map(messageOf).join(', ');
  return error.message;
}

/** True for an errno error of node (`ENOENT`, `ECONNREFUSED`, …) with one of these codes. */
export function isErrno(error: unknown, ...codes: string[]): boolean {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && codes.includes(error.code);
}
