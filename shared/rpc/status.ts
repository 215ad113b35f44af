import { Metadata as GrpcMetadata, type ServerInterceptingCallInterface, status as GrpcStatus } from '@grpc/grpc-js';
import { ClientError, type Metadata, ServerError, Status } from 'nice-grpc-common';
import { AppError, type ErrorCode, messageOf } from '../errors.js';
import { decodeFailure, encodeFailure } from '../wire/failure.js';

/** The trailer that carries code, message and hint as they are; the status itself is for other people's tools. */
const TRAILER = 'ctl-failure-bin';

const STATUS: Readonly<Record<ErrorCode, keyof typeof Status>> = {
  config: 'FAILED_PRECONDITION',
  usage: 'INVALID_ARGUMENT',
  'not-found': 'NOT_FOUND',
  conflict: 'ABORTED',
  precondition: 'FAILED_PRECONDITION',
  unreachable: 'UNAVAILABLE',
  timeout: 'DEADLINE_EXCEEDED',
  cancelled: 'CANCELLED',
  denied: 'PERMISSION_DENIED',
  unsupported: 'UNIMPLEMENTED',
  failed: 'UNKNOWN',
  internal: 'INTERNAL',
};

/** What a handler has to throw so that the caller sees `error`. */
export function statusOf(error: AppError, trailer: Metadata): ServerError {
  const bytes = encodeFailure(error);
  trailer.set(TRAILER, bytes);
  return new ServerError(Status[STATUS[error.code]], detailsOf(error));
}

/** The same for grpc-js itself. */
export function wireStatusOf(error: AppError): Parameters<ServerInterceptingCallInterface['sendStatus']>[0] {
  const metadata = new GrpcMetadata();
  metadata.set(TRAILER, Buffer.from(encodeFailure(error)));
  return { code: GrpcStatus[STATUS[error.code]], details: detailsOf(error), metadata };
}

// Through the bytes, because grpc-js throws on a lone surrogate.
const detailsOf = (error: AppError): string => Buffer.from(error.message.slice(0, 200)).toString();

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
