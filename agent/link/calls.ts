import { linkSignals, orAborted } from '../../shared/abort.js';
import { AppError } from '../../shared/errors.js';
import type { Log } from '../../shared/log.js';
import type { AgentApi } from '../../shared/model/agent-api.js';
import type { ServiceSpec } from '../../shared/model/service.js';
import {
  type AgentCall,
  type Answered,
  isEffect,
  isStream,
  type Streamed,
  titleOf,
  type UnreadableService,
} from '../../shared/wire/link-messages.js';
import { open, perform } from './perform.js';

/** What the link carries the controller's calls to. `assign` replaces the services that the calls may name. */
export type LinkedAgent = AgentApi & { assign(services: readonly ServiceSpec[]): void | Promise<void> };

/** The calls that came in one session, carried out side by side. */
export interface Calls {
  /** A controller of this version asks from now on. */
  welcome(controller: string): void;
  /** Calls that come later wait for it. */
  assign(services: readonly ServiceSpec[], unreadable: readonly UnreadableService[]): void;
  /** Resolves with what to answer; null if nobody waits for an answer any more. */
  carryOut(call: AgentCall): Promise<Answered | null>;
  /** The same for an answer that is a stream; just ends if nobody waits for it any more. */
  stream(call: AgentCall): AsyncIterable<Streamed>;
  cancel(call: string): void;
  /** The session is lost: what only reads is cancelled; what changes something goes on, for its result is asked for again by its command id. */
  leave(): void;
  /** The agent ends: everything is cancelled. */
  stop(): void;
}

export interface CallsDeps {
  readonly api: LinkedAgent;
  readonly log: Log;
  readonly name: string;
  /** Of this agent. */
  readonly version: string;
}

export function createCalls({ api, log, name, version }: CallsDeps): Calls {
  const running = new Map<string, { readonly abort: AbortController; readonly effect: boolean }>();
  let assigned: Promise<ReadonlyMap<string, string>> = Promise.resolve(new Map());
  let controller = 'of an unknown version';

  return {
    welcome(controllerVersion) {
      controller = controllerVersion;
    },
    assign(services, unreadable) {
      for (const service of unreadable) log.error({ service: service.name }, `${service.name} cannot be looked after: ${service.why}`);
      assigned = assign(services, unreadable);
    },
    async carryOut(call) {
      const { verb } = call.request;
      const abort = new AbortController();
      running.set(call.id, { abort, effect: verb !== 'unknown' && verb !== 'search' && isEffect(verb) });
      using linked = linkSignals([abort.signal], call.timeoutMs, titleOf(call.request));
      try {
        refuseUnknown(call, await orAborted(assigned, linked.signal));
        return { ok: true, answer: await orAborted(perform(api, call, linked.signal), linked.signal) };
      } catch (error) {
        return abort.signal.aborted ? null : { ok: false, error: answerable(error, call) };
      } finally {
        running.delete(call.id);
      }
    },
    async *stream(call) {
      const { request } = call;
      const abort = new AbortController();
      running.set(call.id, { abort, effect: false });
      try {
        refuseUnknown(call, await orAborted(assigned, abort.signal));
        if (!isStream(request)) throw new AppError('internal', `${titleOf(request)} has no stream for an answer`);
        for await (const item of open(api, request, abort.signal)) yield { ok: true, item };
        yield { ok: true, end: true };
      } catch (error) {
        if (!abort.signal.aborted) yield { ok: false, error: answerable(error, call) };
      } finally {
        abort.abort(new AppError('cancelled', 'nobody reads the answer any more'));
        running.delete(call.id);
      }
    },
    cancel: (call) => running.get(call)?.abort.abort(new AppError('cancelled', 'the controller does not wait for it any more')),
    leave() {
      for (const { abort, effect } of running.values())
        if (!effect) abort.abort(new AppError('cancelled', 'the link to the controller was lost'));
    },
    stop() {
      for (const { abort } of running.values()) abort.abort(new AppError('cancelled', 'the agent is stopping'));
    },
  };

  async function assign(services: readonly ServiceSpec[], unreadable: readonly UnreadableService[]): Promise<ReadonlyMap<string, string>> {
    try {
      await api.assign(services);
    } catch (error) {
      log.error({ error }, 'the services of this host could not be taken over');
    }
    return new Map(unreadable.map((service) => [service.name, service.why]));
  }

  function refuseUnknown({ request }: AgentCall, unreadable: ReadonlyMap<string, string>): void {
    const why = request.verb === 'unknown' ? request.why : 'service' in request ? unreadable.get(request.service) : undefined;
    if (why === undefined) return;
    throw new AppError('unsupported', why, {
      hint: `ctl-controller is ${controller}, ctl-agent on ${name} is ${version}: bring both to the same version`,
    });
  }

  /** What agent.ini does not allow is on record here, whoever asked. Of a defect of ours the controller hears only that it happened. */
  function answerable(error: unknown, call: AgentCall): AppError {
    if (error instanceof AppError) {
      const { request, commandId } = call;
      const service = 'service' in request ? request.service : null;
      if (error.code === 'denied') log.warn({ refused: request.verb, service, commandId }, `refused ${titleOf(request)}: ${error.message}`);
      return error;
    }
    log.error({ error, call: titleOf(call.request) }, `${titleOf(call.request)} failed`);
    return new AppError('internal', `internal error of the agent ${name} during ${titleOf(call.request)}`, {
      hint: `the log of ctl-agent on ${name} has the details`,
    });
  }
}
