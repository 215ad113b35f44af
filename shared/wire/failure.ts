import { AppError, ERROR_CODES, type ErrorCode } from '../errors.js';
import { Failure } from './gen/ctl/v1/common.js';

/** An error as it crosses the wire: code, message and hint; its cause stays where it happened. */
export const failureToWire = (error: AppError): Failure => ({
  code: error.code,
  message: cut(error.message),
  hint: error.hint === undefined ? undefined : cut(error.hint),
});

/** A code of a later version becomes `failed`. */
export function failureFromWire(failure: Failure): AppError {
  return new AppError(isErrorCode(failure.code) ? failure.code : 'failed', failure.message, { hint: failure.hint });
}

export const encodeFailure = (error: AppError): Uint8Array => Failure.encode(failureToWire(error)).finish();
export const decodeFailure = (bytes: Uint8Array): AppError => failureFromWire(Failure.decode(bytes));

const isErrorCode = (code: string): code is ErrorCode => ERROR_CODES.some((known) => known === code);

// It travels in a header, and HTTP/2 headers are small.
const MAX_TEXT = 2_000;
const cut = (text: string): string => (text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT - 1)}…` : text);
