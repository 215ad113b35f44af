import { describe, expect, it } from 'vitest';
import { commandFromWire, commandToWire, partFromWire, partToWire, reportFromWire, reportToWire } from '../../../shared/wire/agent.js';
import {
  checkReportFromWire,
  checkReportToWire,
  eventFromWire,
  runRequestFromWire,
  runRequestToWire,
} from '../../../shared/wire/control.js';
import { Command, Part, type ServiceSpec } from '../../../shared/wire/gen/ctl/v1/agent.js';
import { type OperationEvent, StepEvent_State } from '../../../shared/wire/gen/ctl/v1/control.js';
import { createFakeControl } from '../../support/fake-control.js';
import { aBalancer, aService } from '../../contract/agent-api/fake-agent.js';

/** What an enum field holds when a later version has sent a value of its own. */
const LATER = 999 as never;

describe('a message of a later version', () => {
  it('is passed over, when it is a report or a command of a new kind', () => {
    expect(reportFromWire({})).toEqual({ type: 'unknown' });
    expect(commandFromWire({})).toEqual({ type: 'unknown' });
  });

  it('is an event whose id alone is known, when its kind is new; the others are read', () => {
    const died = { id: 'b', at: 7, service: 'zope', kind: 'died', process: '42@1' as never, why: 'gone' } as const;
    const wire = reportToWire({ type: 'events', events: [died], unreadable: [] });
    if (wire.report?.$case !== 'events') throw new Error('no events');
    wire.report.value.events.unshift({ id: 'a', atMs: 0n, service: 'zope', omitted: 0 });
    expect(reportFromWire(wire)).toEqual({ type: 'events', events: [died], unreadable: ['a'] });
  });

  it('is passed over in its new fields', () => {
    const bytes = Command.encode(commandToWire({ type: 'cancel', call: '7' })).finish();
    const withMore = Uint8Array.from([...bytes, 0xfa, 0x7f, 1, 0x41]);
    expect(commandFromWire(Command.decode(withMore))).toEqual({ type: 'cancel', call: '7' });
  });

  it('is a call that the agent refuses by name, when its verb is new', () => {
    expect(commandFromWire({ command: { $case: 'call', value: { id: '7', timeoutMs: 1, commandId: undefined } } })).toEqual({
      type: 'call',
      call: {
        id: '7',
        timeoutMs: 1,
        commandId: null,
        request: { verb: 'unknown', why: 'the controller asks for something that this version of the agent does not know' },
      },
    });
  });

  it('leaves out only the service that cannot be read, and says why', () => {
    const wire = commandToWire({ type: 'assign', services: [aService('old'), aService('new')], unreadable: [] });
    const services: ServiceSpec[] = wire.command?.$case === 'assign' ? wire.command.value.services : [];
    if (services[1] !== undefined) services[1].type = 'Nginx';
    expect(commandFromWire(wire)).toEqual({
      type: 'assign',
      services: [aService('old')],
      unreadable: [{ name: 'new', why: 'this version does not know the service type that the other side sent ("Nginx")' }],
    });
  });

  it('fails its call as unsupported, when the answer cannot be read', () => {
    const unsupported = { ok: false, error: { code: 'unsupported' } };
    expect(partFromWire({ session: 's', call: '7' }).outcome).toMatchObject(unsupported);
    const stop = partToWire({ session: 's', call: '7', outcome: { ok: true, answer: { verb: 'stop', value: { how: 'gone', ms: 0 } } } });
    if (stop.part?.$case === 'answer' && stop.part.value.answer?.$case === 'stop') stop.part.value.answer.value.how = LATER;
    expect(partFromWire(stop).outcome).toMatchObject(unsupported);
    const balancer = partToWire({ session: 's', call: '7', outcome: { ok: true, answer: { verb: 'balancer', value: aBalancer } } });
    if (balancer.part?.$case === 'answer' && balancer.part.value.answer?.$case === 'balancer') {
      for (const backend of balancer.part.value.answer.value.backends) backend.inRuntime = LATER;
    }
    expect(partFromWire(balancer).outcome).toMatchObject(unsupported);
  });

  it('leaves a state unknown, never good and never zero, when its form is new', () => {
    const answered = (value: object) =>
      partFromWire(
        Part.decode(Part.encode({ session: '', call: '', part: { $case: 'answer', value: { answer: value as never } } }).finish()),
      );
    const why = 'the other side answered in a form that this version does not know';
    expect(answered({ $case: 'process', value: {} }).outcome).toMatchObject({ ok: true, answer: { value: { state: 'unknown', why } } });
    const observation = { process: { state: 'unknown', why }, memory: { ok: false, why }, log: null };
    expect(answered({ $case: 'observe', value: {} }).outcome).toMatchObject({ ok: true, answer: { value: observation } });
    expect(answered({ $case: 'connections', value: {} }).outcome).toMatchObject({ ok: true, answer: { value: { ok: false, why } } });
    expect(answered({ $case: 'log', value: {} }).outcome).toMatchObject({ ok: true, answer: { value: { ok: false, why } } });
  });

  it('is an error of a code of a later version that counts as failed', () => {
    expect(
      partFromWire({ session: '', call: '', part: { $case: 'failure', value: { code: 'on-fire', message: 'hot' } } }).outcome,
    ).toMatchObject({
      ok: false,
      error: { code: 'failed', message: 'hot' },
    });
  });

  it('shows a service whose state or standing is new as unknown, and refuses a report on a new type of service', async () => {
    const report = checkReportToWire(await createFakeControl().check({ selectors: [], path: null }, AbortSignal.timeout(1000)));
    const [service] = report.services;
    if (service === undefined) throw new Error('no service');
    service.state = LATER;
    service.balancer = LATER;
    service.tcp = {};
    expect(checkReportFromWire(report).services[0]).toMatchObject({ state: 'unknown', balancer: 'unknown', tcp: { ok: false } });
    service.type = 'Nginx';
    expect(() => checkReportFromWire(report)).toThrow(
      expect.objectContaining({ code: 'unsupported', hint: 'bring ctl, ctl-controller and ctl-agent to the same version' }),
    );
  });

  it('turns an event of a new kind, or of a new step, into a note', () => {
    expect(eventFromWire({}, 42)).toMatchObject({ type: 'note', at: 42 });
    const step: OperationEvent = {
      event: {
        $case: 'step',
        value: { operation: 'op-1', service: 'a', step: LATER, state: StepEvent_State.STATE_BEGIN, atMs: 7n, detail: 'polish' },
      },
    };
    expect(eventFromWire(step, 42)).toEqual({
      type: 'note',
      operation: 'op-1',
      service: 'a',
      at: 7,
      message: 'a step that this version does not know: polish',
    });
  });

  it('is refused, when it asks for an action that is new', () => {
    const wire = runRequestToWire({
      action: 'stop',
      selectors: [],
      by: '',
      force: false,
      oldForm: false,
      maxFail: null,
      batch: null,
      deadlineS: null,
    });
    expect(() => runRequestFromWire({ ...wire, action: LATER })).toThrow(expect.objectContaining({ code: 'unsupported' }));
  });
});

describe('a call of an earlier version', () => {
  it('is not taken for another one: the number of one that is gone is not used again', () => {
    const field = (number: number, ...bytes: readonly number[]) => [(number << 3) | 2, bytes.length, ...bytes];
    expect(partFromWire(Part.decode(Uint8Array.from(field(10, ...field(12))))).outcome).toMatchObject({ error: { code: 'unsupported' } });
    expect(commandFromWire(Command.decode(Uint8Array.from(field(3, ...field(12)))))).toMatchObject({
      call: { request: { verb: 'unknown' } },
    });
  });
});

describe('a number that the wire cannot carry', () => {
  it.each([NaN, Infinity, 2 ** 60])('is a defect of the sender: %s', (rssKb) => {
    const memory = { ok: true, process: '1@1' as never, rssKb, uptimeS: 1 } as const;
    const value = { process: { state: 'starting', why: '' }, memory, log: null } as const;
    expect(() => partToWire({ session: '', call: '', outcome: { ok: true, answer: { verb: 'observe', value } } })).toThrow(
      `RSS cannot be sent: ${rssKb}`,
    );
  });

  it('is refused by the reader when it is beyond what it can count', () => {
    expect(() => reportFromWire({ report: { $case: 'heartbeat', value: { atMs: 2n ** 60n } } })).toThrow('time of the heartbeat');
  });

  it('is rounded when it is a time with a fraction', () => {
    expect(
      commandToWire({ type: 'call', call: { id: '', timeoutMs: 0.5, commandId: null, request: { verb: 'ping' } } }).command?.value,
    ).toMatchObject({ timeoutMs: 1 });
  });
});
