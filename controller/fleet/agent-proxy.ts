import { AppError } from '../../shared/errors.js';
import type { AgentApi, CallOptions, EffectOptions, StreamOptions } from '../../shared/model/agent-api.js';
import type { AgentAnswer, AgentItem, AgentRequest, StreamRequest, ValueOf, Verb } from '../../shared/wire/link-messages.js';

export type Ask = (request: AgentRequest, options: CallOptions | EffectOptions) => Promise<AgentAnswer>;

export type Open = (request: StreamRequest, options: StreamOptions) => AsyncIterable<AgentItem>;

/** AgentApi over something that carries its calls as data. */
export function createAgentProxy(ask: Ask, open: Open): AgentApi {
  return {
    ping: (options) => call('ping', { verb: 'ping' }, options),
    process: (service, options) => call('process', { verb: 'process', service }, options),
    observe: (service, query, options) => call('observe', { verb: 'observe', service, ...query }, options),
    connections: (service, options) => call('connections', { verb: 'connections', service }, options),
    log: (service, options) => call('log', { verb: 'log', service }, options),
    async *search(service, query, options) {
      for await (const { value } of open({ verb: 'search', service, query }, options)) yield value;
    },
    start: (service, options) => call('start', { verb: 'start', service }, options),
    stop: (service, order, options) => call('stop', { verb: 'stop', service, order }, options),
    balancer: (service, options) => call('balancer', { verb: 'balancer', service }, options),
    setBackend: (service, order, options) => call('setBackend', { verb: 'setBackend', service, order }, options),
    rotation: (service, options) => call('rotation', { verb: 'rotation', service }, options),
    rotate: (service, options) => call('rotate', { verb: 'rotate', service }, options),
    memories: (services, query, options) => call('memories', { verb: 'memories', services, query }, options),
    purgePlan: (service, options) => call('purgePlan', { verb: 'purgePlan', service }, options),
    purge: (service, order, options) => call('purge', { verb: 'purge', service, order }, options),
    probe: (order, options) => call('probe', { verb: 'probe', order }, options),
  };

  async function call<V extends Verb>(verb: V, request: AgentRequest, options: CallOptions | EffectOptions): Promise<ValueOf<V>> {
    const answer = await ask(request, options);
    if (!answers(answer, verb)) throw new AppError('internal', `the agent answered ${answer.verb} to ${verb}`);
    return answer.value;
  }
}

type AnswerTo<V extends Verb> = Extract<AgentAnswer, { readonly verb: V }> & { readonly value: ValueOf<V> };
const answers = <V extends Verb>(answer: AgentAnswer, verb: V): answer is AnswerTo<V> => answer.verb === verb;
