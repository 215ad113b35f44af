import { messageOf, toAppError } from '../errors.js';
import { eventsFromWire, eventsToWire } from './agent-event.js';
import {
  balancerFromWire,
  balancerToWire,
  connectionsFromWire,
  connectionsToWire,
  infoFromWire,
  infoToWire,
  logFromWire,
  logToWire,
  observationFromWire,
  observationToWire,
  places,
  processFromWire,
  processToWire,
  stopFromWire,
  stopToWire,
} from './agent-values.js';
import { orderFromWire, purgePlanFromWire, purgePlanToWire, purgeResultFromWire, purgeResultToWire, purgeToWire } from './cache.js';
import { failureFromWire, failureToWire } from './failure.js';
import { logPartFromWire, logPartToWire, queryFromWire, queryToWire } from './log-search.js';
import { fromName, fromPauseMs, fromProcess, fromTime, toInt64, toUint32, toWaitMs, unreadable, UNKNOWN_FORM } from './fields.js';
import {
  Command as WireCommand,
  type Answer as WireAnswer,
  type Assign as WireAssign,
  type Call as WireCall,
  type Item as WireItem,
  type SearchRequest as WireSearch,
  type Part as WirePart,
  type StopRequest,
  type Report as WireReport,
} from './gen/ctl/v1/agent.js';
import type { ProbeRequest } from './gen/ctl/v1/probe.js';
import type { AgentAnswer, AgentCall, AgentItem, Command, Part, Report, UnreadableService } from './link-messages.js';
import { memoriesFromWire, memoriesRequestToWire, memoriesToWire } from './memory.js';
import { probeOrderFromWire, probeOrderToWire, probeOutcomeFromWire, probeOutcomeToWire } from './probe.js';
import { rotationPlanFromWire, rotationPlanToWire, rotationResultFromWire, rotationResultToWire } from './rotation.js';
import { serviceFromWire, serviceToWire } from './service-spec.js';

export function reportToWire(report: Report): WireReport {
  switch (report.type) {
    case 'hello': {
      const { name, version, instance } = report;
      return { report: { $case: 'hello', value: { name, version, instance, protocol: toUint32(report.protocol, 'protocol') } } };
    }
    case 'heartbeat':
      return { report: { $case: 'heartbeat', value: { atMs: toInt64(report.at, 'time of the heartbeat') } } };
    case 'events':
      return { report: { $case: 'events', value: eventsToWire(report.events) } };
    case 'unknown':
      return {};
  }
}

export function reportFromWire({ report }: WireReport): Report {
  switch (report?.$case) {
    case 'hello':
      return {
        type: 'hello',
        name: fromName(report.value.name, 'name of the agent'),
        version: fromName(report.value.version, 'version of the agent'),
        instance: fromName(report.value.instance, 'instance of the agent'),
        protocol: report.value.protocol,
      };
    case 'heartbeat':
      return { type: 'heartbeat', at: fromTime(report.value.atMs, 'time of the heartbeat') };
    case 'events':
      return { type: 'events', ...eventsFromWire(report.value) };
    case undefined:
      return { type: 'unknown' };
  }
}

export function commandToWire(command: Command): WireCommand {
  switch (command.type) {
    case 'welcome': {
      const { session, heartbeatMs, version, takesEvents } = command;
      return { command: { $case: 'welcome', value: { session, heartbeatMs: toWaitMs(heartbeatMs, 'heartbeat'), version, takesEvents } } };
    }
    case 'assign':
      return { command: { $case: 'assign', value: { services: command.services.map(serviceToWire) } } };
    case 'call':
      return { command: { $case: 'call', value: callToWire(command.call) } };
    case 'cancel':
      return { command: { $case: 'cancel', value: { call: command.call } } };
    case 'taken':
      return { command: { $case: 'taken', value: { ids: [...command.ids] } } };
    case 'unknown':
      return {};
  }
}

export function commandFromWire({ command }: WireCommand): Command {
  switch (command?.$case) {
    case 'welcome':
      return { type: 'welcome', ...command.value, heartbeatMs: fromPauseMs(command.value.heartbeatMs, 'heartbeat') };
    case 'assign':
      return assignFromWire(command.value);
    case 'call':
      return { type: 'call', call: callFromWire(command.value) };
    case 'cancel':
      return { type: 'cancel', call: command.value.call };
    case 'taken':
      return { type: 'taken', ids: command.value.ids };
    case undefined:
      return { type: 'unknown' };
  }
}

/** What a command takes on the wire: one that is too large would end the whole session. */
export const commandBytes = (command: Command): number => WireCommand.encode(commandToWire(command)).finish().length;

export function partToWire({ session, call, outcome }: Part): WirePart {
  if (!outcome.ok) return { session, call, part: { $case: 'failure', value: failureToWire(outcome.error) } };
  if ('answer' in outcome) return { session, call, part: { $case: 'answer', value: answerToWire(outcome.answer) } };
  if ('end' in outcome) return { session, call, part: { $case: 'end', value: {} } };
  const { verb, value } = outcome.item;
  return { session, call, part: { $case: 'item', value: { item: { $case: verb, value: logPartToWire(value) } } } };
}

/** Never throws: an answer that can't be read is a failed call, not a broken link. */
export function partFromWire({ session, call, part }: WirePart): Part {
  if (part?.$case === 'failure') return { session, call, outcome: { ok: false, error: failureFromWire(part.value) } };
  if (part?.$case === 'end') return { session, call, outcome: { ok: true, end: true } };
  try {
    if (part?.$case === 'item') return { session, call, outcome: { ok: true, item: itemFromWire(part.value) } };
    return { session, call, outcome: { ok: true, answer: answerFromWire(part?.value) } };
  } catch (error) {
    return { session, call, outcome: { ok: false, error: toAppError(error, 'unsupported', UNKNOWN_FORM) } };
  }
}

function assignFromWire(assign: WireAssign): Command {
  const services = [];
  const unknown: UnreadableService[] = [];
  for (const service of assign.services) {
    try {
      services.push(serviceFromWire(service));
    } catch (error) {
      unknown.push({ name: service.name, why: messageOf(error) });
    }
  }
  return { type: 'assign', services, unreadable: unknown };
}

function callToWire({ id, timeoutMs, commandId, request }: AgentCall): WireCall {
  return { id, timeoutMs: toWaitMs(timeoutMs, 'time limit'), commandId: commandId ?? undefined, request: requestToWire(request) };
}

function callFromWire(call: WireCall): AgentCall {
  return { id: call.id, timeoutMs: call.timeoutMs, commandId: call.commandId ?? null, request: requestFromWire(call) };
}

function requestToWire(request: AgentCall['request']): WireCall['request'] {
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

function requestFromWire({ request }: WireCall): AgentCall['request'] {
  if (request === undefined)
    return { verb: 'unknown', why: 'the controller asks for something that this version of the agent does not know' };
  switch (request.$case) {
    case 'ping':
      return { verb: 'ping' };
    case 'stop': {
      return stopFromRequest(request.value);
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
      return probeFromWire(request.value);
    case 'search':
      return searchFromWire(request.value);
    default:
      return { verb: request.$case, service: request.value.service };
  }
}

function stopFromRequest({ service, replacing, deadlineMs }: StopRequest): AgentCall['request'] {
  try {
    return { verb: 'stop', service, order: { replacing: fromProcess(replacing), deadlineMs } };
  } catch (error) {
    return { verb: 'unknown', why: messageOf(error) };
  }
}

function probeFromWire(request: ProbeRequest): AgentCall['request'] {
  try {
    return { verb: 'probe', order: probeOrderFromWire(request) };
  } catch (error) {
    return { verb: 'unknown', why: messageOf(error) };
  }
}

/** What is asked in terms of a later version is refused as a whole. */
function searchFromWire({ service, query }: WireSearch): AgentCall['request'] {
  try {
    return { verb: 'search', service, query: queryFromWire(query) };
  } catch (error) {
    return { verb: 'unknown', why: messageOf(error) };
  }
}

function itemFromWire({ item }: WireItem): AgentItem {
  if (item === undefined) throw unreadable('part of an answer', 'nothing');
  return { verb: item.$case, value: logPartFromWire(item.value) };
}

function answerToWire(answer: AgentAnswer): WireAnswer {
  switch (answer.verb) {
    case 'ping':
      return { answer: { $case: 'ping', value: infoToWire(answer.value) } };
    case 'process':
      return { answer: { $case: 'process', value: processToWire(answer.value) } };
    case 'observe':
      return { answer: { $case: 'observe', value: observationToWire(answer.value) } };
    case 'connections':
      return { answer: { $case: 'connections', value: connectionsToWire(answer.value) } };
    case 'log':
      return { answer: { $case: 'log', value: logToWire(answer.value) } };
    case 'start':
      return { answer: { $case: 'start', value: processToWire(answer.value) } };
    case 'stop':
      return { answer: { $case: 'stop', value: stopToWire(answer.value) } };
    case 'balancer':
      return { answer: { $case: 'balancer', value: balancerToWire(answer.value) } };
    case 'setBackend':
      return { answer: { $case: 'setBackend', value: {} } };
    case 'rotation':
      return { answer: { $case: 'rotation', value: rotationPlanToWire(answer.value) } };
    case 'memories':
      return { answer: { $case: 'memories', value: memoriesToWire(answer.value) } };
    case 'purgePlan':
      return { answer: { $case: 'purgePlan', value: purgePlanToWire(answer.value) } };
    case 'purge':
      return { answer: { $case: 'purge', value: purgeResultToWire(answer.value) } };
    case 'probe':
      return { answer: { $case: 'probe', value: probeOutcomeToWire(answer.value) } };
    case 'rotate':
      return { answer: { $case: 'rotate', value: rotationResultToWire(answer.value) } };
  }
}

function answerFromWire(wire: WireAnswer | undefined): AgentAnswer {
  const answer = wire?.answer;
  switch (answer?.$case) {
    case 'ping':
      return { verb: 'ping', value: infoFromWire(answer.value) };
    case 'process':
      return { verb: 'process', value: processFromWire(answer.value) };
    case 'observe':
      return { verb: 'observe', value: observationFromWire(answer.value) };
    case 'connections':
      return { verb: 'connections', value: connectionsFromWire(answer.value) };
    case 'log':
      return { verb: 'log', value: logFromWire(answer.value) };
    case 'start':
      return { verb: 'start', value: processFromWire(answer.value) };
    case 'stop':
      return { verb: 'stop', value: stopFromWire(answer.value) };
    case 'balancer':
      return { verb: 'balancer', value: balancerFromWire(answer.value) };
    case 'setBackend':
      return { verb: 'setBackend', value: undefined };
    case 'rotation':
      return { verb: 'rotation', value: rotationPlanFromWire(answer.value) };
    case 'memories':
      return { verb: 'memories', value: memoriesFromWire(answer.value) };
    case 'purgePlan':
      return { verb: 'purgePlan', value: purgePlanFromWire(answer.value) };
    case 'purge':
      return { verb: 'purge', value: purgeResultFromWire(answer.value) };
    case 'probe':
      return { verb: 'probe', value: probeOutcomeFromWire(answer.value) };
    case 'rotate':
      return { verb: 'rotate', value: rotationResultFromWire(answer.value) };
    case undefined:
      throw unreadable('kind of answer', 'nothing');
  }
}
