import { AppError } from '../../shared/errors.js';
import type { AgentApi, CallOptions, EffectOptions } from '../../shared/model/agent-api.js';
import { type AgentAnswer, type AgentCall, type AgentItem, type StreamRequest, titleOf } from '../../shared/wire/link-messages.js';

/** The call as a call of the API; no logic but the translation. Rejects with `unsupported` for a verb of a later version. */
export async function perform(api: AgentApi, call: AgentCall, signal: AbortSignal): Promise<AgentAnswer> {
  const { request, timeoutMs } = call;
  const options: CallOptions = { signal, timeoutMs };
  switch (request.verb) {
    case 'ping':
      return { verb: 'ping', value: await api.ping(options) };
    case 'process':
      return { verb: 'process', value: await api.process(request.service, options) };
    case 'observe':
      return { verb: 'observe', value: await api.observe(request.service, { log: request.log }, options) };
    case 'memories':
      return { verb: 'memories', value: await api.memories(request.services, request.query, options) };
    case 'purgePlan':
      return { verb: 'purgePlan', value: await api.purgePlan(request.service, options) };
    case 'purge':
      return { verb: 'purge', value: await api.purge(request.service, request.order, effect(call, options)) };
    case 'probe':
      return { verb: 'probe', value: await api.probe(request.order, options) };
    case 'connections':
      return { verb: 'connections', value: await api.connections(request.service, options) };
    case 'log':
      return { verb: 'log', value: await api.log(request.service, options) };
    case 'start':
      return { verb: 'start', value: await api.start(request.service, effect(call, options)) };
    case 'stop':
      return { verb: 'stop', value: await api.stop(request.service, request.order, effect(call, options)) };
    case 'balancer':
      return { verb: 'balancer', value: await api.balancer(request.service, options) };
    case 'setBackend':
      await api.setBackend(request.service, request.order, effect(call, options));
      return { verb: 'setBackend', value: undefined };
    case 'rotation':
      return { verb: 'rotation', value: await api.rotation(request.service, options) };
    case 'rotate':
      return { verb: 'rotate', value: await api.rotate(request.service, effect(call, options)) };
    case 'search':
      throw new AppError('internal', `the answer to ${titleOf(request)} is a stream`);
    case 'unknown':
      throw new AppError('unsupported', request.why);
  }
}

/** The same for a call whose answer is a stream. */
export async function* open(api: AgentApi, { verb, service, query }: StreamRequest, signal: AbortSignal): AsyncIterable<AgentItem> {
  for await (const value of api.search(service, query, { signal })) yield { verb, value };
}

/** Without an id a repeated command could not be told from a new one. */
function effect({ commandId, request }: AgentCall, options: CallOptions): EffectOptions {
  if (commandId === null || commandId === '') throw new AppError('usage', `${titleOf(request)} came without a command id`);
  if (commandId.length > MAX_ID) throw new AppError('usage', `the command id of ${titleOf(request)} is longer than ${MAX_ID} characters`);
  return { ...options, commandId };
}

/** A thousand are kept. */
const MAX_ID = 200;
