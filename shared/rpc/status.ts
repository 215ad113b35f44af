import { ClientError, type Metadata, ServerError, Status } from 'nice-grpc-common';
import { AppError, type ErrorCode, messageOf } from '../errors.js';
import { decodeFailure, encodeFailure } from '../wire/failure.js';

/** The trailer that carries code, message and hint as they are; the status itself is for other people's tools. */
const TRAILER = 'ctl-failure-bin';

const STATUS: Readonly<Record<ErrorCode, Status>> = {
  config: Status.FAILED_PRECONDITION,
  usage: Status.INVALID_ARGUMENT,
  'not-found': Status.NOT_FOUND,
  conflict: Status.ABORTED,
  precondition: Status.FAILED_PRECONDITION,
  unreachable: Status.UNAVAILABLE,
  timeout: Status.DEADLINE_EXCEEDED,
  cancelled: Status.CANCELLED,
  denied: Status.PERMISSION_DENIED,
  unsupported: Status.UNIMPLEMENTED,
  failed: Status.UNKNOWN,
  internal: Status.INTERNAL,
};

/** What a handler has to throw so that the caller sees `error`. */
export function statusOf(error: AppError, trailer: Metadata): ServerError {
  const bytes = encodeFailure(error);
  trailer.set(TRAILER, bytes);
  // Through the bytes, because grpc-js throws on a lone surrogate.
  return new ServerError(STATUS[error.code], Buffer.from(error.message.slice(0, 200)).toString());
}

/** The error of a failed call: what the server said, else what the state of the link says about `peer`. */
export function errorOf(error: unknown, trailer: Metadata | undefined, peer: string): AppError {
  const sent = trailer?.get(TRAILER);
  if (sent !== undefined) return decodeFailure(sent);
  if (error instanceof AppError) return error;
  if (!(error instanceof ClientError)) return new AppError('internal', `the call to ${peer} failed: ${messageOf(error)}`, { cause: error });
  const { details } = error;
  switch (error.code) {
    case Status.UNAVAILABLE:
      return new AppError('unreachable', `${peer} does not answer: ${details}`, { cause: error });
    case Status.DEADLINE_EXCEEDED:
      return new AppError('timeout', `${peer} did not answer in time`, { cause: error });
    case Status.CANCELLED:
      return new AppError('cancelled', `the call to ${peer} was cancelled`, { cause: error });
    case Status.RESOURCE_EXHAUSTED:
      return new AppError('failed', `a message to or from ${peer} was refused: ${details}`, { cause: error });
    case Status.UNIMPLEMENTED:
      return new AppError('unsupported', `${peer} does not know this call: ${details}`, {
        cause: error,
        hint: 'bring ctl, ctl-controller and ctl-agent to the same version',
      });
    default:
      return new AppError('failed', `the call to ${peer} failed: ${details}`, { cause: error });
  }
}
