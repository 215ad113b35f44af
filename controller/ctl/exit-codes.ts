import type { ErrorCode } from '../../shared/errors.js';

/** What `ctl` answers to its caller. `partial`: it ran to the end, but some services failed within `--max-fail` or were skipped. */
export const EXIT = { well: 0, critical: 1, usage: 2, partial: 3, locked: 4, unreached: 5, interrupted: 130 } as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** For the help and the manual. */
export const EXIT_MEANINGS: readonly (readonly [ExitCode, string])[] = [
  [EXIT.well, 'well, warnings included'],
  [EXIT.critical, 'a critical event, or an operation that halted'],
  [EXIT.usage, 'usage or configuration; nothing was done'],
  [EXIT.partial, 'ran to the end, but some services failed or were skipped'],
  [EXIT.locked, 'another operation holds the lock'],
  [EXIT.unreached, 'nothing critical, but something could not be reached or measured'],
  [EXIT.interrupted, 'interrupted'],
];

/** The exit code of several that hold at once. A number that no release of ours means anything by counts as critical. */
export function worstExit(codes: readonly number[]): ExitCode {
  const known = codes.map((code) => PRECEDENCE.find((one) => one === code) ?? EXIT.critical);
  return PRECEDENCE.find((code) => known.includes(code)) ?? EXIT.well;
}

export const exitOfError = (code: ErrorCode): ExitCode => EXIT_OF_ERROR[code];

const PRECEDENCE: readonly ExitCode[] = [EXIT.usage, EXIT.locked, EXIT.interrupted, EXIT.critical, EXIT.partial, EXIT.unreached, EXIT.well];

const EXIT_OF_ERROR: Readonly<Record<ErrorCode, ExitCode>> = {
  config: EXIT.usage,
  usage: EXIT.usage,
  'not-found': EXIT.usage,
  precondition: EXIT.usage,
  denied: EXIT.usage,
  unsupported: EXIT.usage,
  conflict: EXIT.locked,
  unreachable: EXIT.unreached,
  timeout: EXIT.unreached,
  cancelled: EXIT.interrupted,
  failed: EXIT.critical,
  internal: EXIT.critical,
};
