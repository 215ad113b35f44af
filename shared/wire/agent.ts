import { messageOf, toAppError } from '../errors.js';
import { answerFromWire, answerToWire } from './agent-answer.js';
import { eventsFromWire, eventsToWire } from './agent-event.js';
import { requestFromWire, requestToWire } from './agent-request.js';
import { failureFromWire, failureToWire } from './failure.js';
import { fromName, fromPauseMs, fromTime, toInt64, toUint32, toWaitMs, unreadable, UNKNOWN_FORM } from './fields.js';
import {
  Command as WireCommand,
  type Assign as WireAssign,
  type Call as WireCall,
  type Item as WireItem,
  type Part as WirePart,
  type Report as WireReport,
} from './gen/ctl/v1/agent.js';
import type { AgentCall, AgentItem, Command, Part, Report, UnreadableService } from './link-messages.js';
import { logPartFromWire, logPartToWire } from './log-search.js';
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

function itemFromWire({ item }: WireItem): AgentItem {
  if (item === undefined) throw unreadable('part of an answer', 'nothing');
  return { verb: item.$case, value: logPartFromWire(item.value) };
}
