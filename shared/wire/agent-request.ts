import { messageOf } from '../errors.js';
import { places } from './agent-values.js';
import { orderFromWire, purgeToWire } from './cache.js';
import { fromProcess, toWaitMs } from './fields.js';
import type { Call as WireCall } from './gen/ctl/v1/agent.js';
import type { AgentCall } from './link-messages.js';
import { queryFromWire, queryToWire } from './log-search.js';
import { memoriesRequestToWire } from './memory.js';
import { probeOrderFromWire, probeOrderToWire } from './probe.js';

/** Throws for a number that the wire cannot carry. */
export function requestToWire(request: AgentCall['request']): WireCall['request'] {
  switch (request.verb) {
    case 'ping':
      return { $case: 'ping', value: {} };
    case 'stop': {
      const { replacing, deadlineMs } = request.order;
      return { $case: 'stop', value: { service: request.service, replacing, deadlineMs: toWaitMs(deadlineMs, 'deadline of the stop') } };
    }
    case 'setBackend': {
      const { address, wanted } = request.order;
      return { $case: 'setBackend', value: { balancer: request.service, address, wanted: places.toWire(wanted) } };
    }
    case 'observe':
      return { $case: 'observe', value: { service: request.service, log: request.log } };
    case 'memories':
      return { $case: 'memories', value: memoriesRequestToWire(request.services, request.query) };
    case 'purge':
      return { $case: 'purge', value: purgeToWire(request.service, request.order) };
    case 'probe':
      return { $case: 'probe', value: probeOrderToWire(request.order) };
    case 'search':
      return { $case: 'search', value: { service: request.service, query: queryToWire(request.query) } };
    case 'unknown':
      return undefined;
    default:
      return { $case: request.verb, value: { service: request.service } };
  }
}

/** Never throws: what is asked in terms of a later version is refused as a whole. */
export function requestFromWire({ request }: WireCall): AgentCall['request'] {
  try {
    return read(request);
  } catch (error) {
    return { verb: 'unknown', why: messageOf(error) };
  }
}

function read(request: WireCall['request']): AgentCall['request'] {
  if (request === undefined)
    return { verb: 'unknown', why: 'the controller asks for something that this version of the agent does not know' };
  switch (request.$case) {
    case 'ping':
      return { verb: 'ping' };
    case 'stop': {
      const { service, replacing, deadlineMs } = request.value;
      return { verb: 'stop', service, order: { replacing: fromProcess(replacing), deadlineMs } };
    }
    case 'setBackend': {
      const { balancer, address } = request.value;
      const wanted = places.fromWire(request.value.wanted);
      if (wanted !== 'in' && wanted !== 'out')
        return { verb: 'unknown', why: 'the controller wants a backend in a state that this version of the agent does not know' };
      return { verb: 'setBackend', service: balancer, order: { address, wanted } };
    }
    case 'observe':
      return { verb: 'observe', ...request.value };
    case 'memories': {
      const { services, ...query } = request.value;
      return { verb: 'memories', services, query };
    }
    case 'purge':
      return { verb: 'purge', service: request.value.service, order: orderFromWire(request.value) };
    case 'probe':
      return { verb: 'probe', order: probeOrderFromWire(request.value) };
    case 'search':
      return { verb: 'search', service: request.value.service, query: queryFromWire(request.value.query) };
    default:
      return { verb: request.$case, service: request.value.service };
  }
}
