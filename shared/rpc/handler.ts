import { ServerError, type CallContext, type ServerMiddleware } from 'nice-grpc-common';
import { linkSignals, reasonOf } from '../abort.js';
import { AppError, toAppError } from '../errors.js';
import type { Log } from '../log.js';
import { statusOf } from './status.js';

export interface HandlerOptions {
  readonly log: Log;
  /** Aborts when the server stops; running streams end with its reason, unary calls may finish. */
  readonly closing: AbortSignal;
}

/**
 * Around every handler: its signal also aborts when the server stops, an AppError goes to the caller with code, message and hint, and of
 * anything else, which is a defect of ours, the caller hears only that it happened; the rest is in the log.
 */
export function answerErrors({ log, closing }: HandlerOptions): ServerMiddleware {
  return async function* (call, context) {
    using linked = linkSignals(call.responseStream ? [context.signal, closing] : [context.signal]);
    try {
      return yield* call.next(call.request, { ...context, signal: linked.signal });
    } catch (error) {
      throw answer(error, linked.signal, call.method.path, context);
    }
  };

  function answer(error: unknown, signal: AbortSignal, path: string, context: CallContext): unknown {
    if (error instanceof ServerError) return error;
    if (error instanceof AppError) {
      if (error.code === 'internal') log.error({ error, path }, `${path} failed`);
      return statusOf(error, context.trailer);
    }
    if (signal.aborted) return statusOf(toAppError(reasonOf(signal), 'cancelled', 'cancelled'), context.trailer);
    log.error({ error, path }, `${path} failed`);
    return statusOf(new AppError('internal', 'internal error of the controller', { hint: 'its log has the details' }), context.trailer);
  }
}
