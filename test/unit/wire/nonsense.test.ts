import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AppError } from '../../../shared/errors.js';
import type { ProcessId } from '../../../shared/model/process.js';
import { commandFromWire, commandToWire, partFromWire, partToWire, reportFromWire, reportToWire } from '../../../shared/wire/agent.js';
import * as control from '../../../shared/wire/control.js';
import { Command, Part, Report } from '../../../shared/wire/gen/ctl/v1/agent.js';
import { BackendsRequest } from '../../../shared/wire/gen/ctl/v1/balancer.js';
import { CheckReport, OperationEvent, OperationSummary, RunRequest } from '../../../shared/wire/gen/ctl/v1/control.js';
import { runs } from '../../support/runs.js';
import { checkReports, commands, events, parts, reports, runRequests, summaries } from './models.js';

/** Somebody who has a certificate, and fills the numbers of his messages with what no clock and no measurement gives. */
const NONSENSE = {
  doubles: [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
  /** Negative; more than a number holds; more than a Date holds. */
  times: [-1n, -(2n ** 63n), 2n ** 63n - 1n, 8_640_000_000_000_001n],
};

type Tree = Record<string, unknown>;
const isTree = (value: unknown): value is Tree => typeof value === 'object' && value !== null && !(value instanceof Uint8Array);

/** Each place in a message that holds a number of that kind, as a function that changes it. */
function numbersIn(message: unknown, wanted: (value: unknown, key: string) => boolean): ((value: unknown) => void)[] {
  if (!isTree(message)) return [];
  return Object.entries(message).flatMap(([key, value]) =>
    wanted(value, key) ? [(next: unknown) => void (message[key] = next)] : numbersIn(value, wanted),
  );
}

/** All numbers of what was read. */
const leaves = (value: unknown): number[] =>
  typeof value === 'number' ? [value] : isTree(value) && !(value instanceof Error) ? Object.values(value).flatMap(leaves) : [];

/** How the message is read when one of its numbers, each in turn, is each of `values`; null: it is refused. */
function readings<M, W>(
  value: M,
  wire: Wire<M, W>,
  wanted: (value: unknown, key: string) => boolean,
  values: readonly unknown[],
): unknown[] {
  const places = numbersIn(wire.to(value), wanted).length;
  return Array.from({ length: places }).flatMap((_, place) =>
    values.map((nonsense) => {
      const message = wire.to(value);
      numbersIn(message, wanted)[place]?.(nonsense);
      const bytes = encoded(message, wire);
      try {
        return bytes === null ? null : wire.from(wire.codec.decode(bytes));
      } catch (error) {
        expect(error).toBeInstanceOf(AppError);
        return null;
      }
    }),
  );
}

/** null: the field is an integer, and there is no sending that in it. */
function encoded<M, W>(message: W, { codec }: Wire<M, W>): Uint8Array | null {
  try {
    return codec.encode(message).finish();
  } catch {
    return null;
  }
}

interface Wire<M, W> {
  readonly values: fc.Arbitrary<M>;
  readonly to: (value: M) => W;
  readonly from: (wire: W) => M;
  readonly codec: { encode(message: W): { finish(): Uint8Array }; decode(bytes: Uint8Array): W };
}

const WIRES = {
  'report of an agent': { values: reports, to: reportToWire, from: reportFromWire, codec: Report },
  answer: { values: parts, to: partToWire, from: partFromWire, codec: Part },
  command: { values: commands, to: commandToWire, from: commandFromWire, codec: Command },
  'check report': { values: checkReports, to: control.checkReportToWire, from: control.checkReportFromWire, codec: CheckReport },
  event: { values: events, to: control.eventToWire, from: (wire: OperationEvent) => control.eventFromWire(wire, 0), codec: OperationEvent },
  summary: { values: summaries, to: control.summaryToWire, from: control.summaryFromWire, codec: OperationSummary },
  request: { values: runRequests, to: control.runRequestToWire, from: control.runRequestFromWire, codec: RunRequest },
} as unknown as Readonly<Record<string, Wire<unknown, unknown>>>;

describe.each(Object.entries(WIRES))('of a message with nonsense in it (%s)', (_, wire) => {
  it('no number is read that is infinite, or none', () => {
    fc.assert(
      fc.property(wire.values, (value) => {
        const read = readings(value, wire, (leaf) => typeof leaf === 'number', NONSENSE.doubles);
        expect(leaves(read).filter((number) => !Number.isFinite(number))).toEqual([]);
      }),
      { numRuns: runs(100) },
    );
  });

  it('no time is read that no Date can be, and no count below zero', () => {
    fc.assert(
      fc.property(wire.values, (value) => {
        const before = new Set(leaves(value));
        const read = readings(
          value,
          wire,
          (leaf, key) => typeof leaf === 'bigint' && key.endsWith('Ms') && key !== 'cpuMs',
          NONSENSE.times,
        );
        const more = readings(value, wire, (leaf) => typeof leaf === 'bigint', NONSENSE.times.slice(0, 3));
        const wrong = (number: number) => number === -1 || Math.abs(number) > 8.64e15;
        expect(leaves([...read, ...more]).filter((number) => wrong(number) && !before.has(number))).toEqual([]);
      }),
      { numRuns: runs(100) },
    );
  });
});

describe('an order with a duration that cannot be', () => {
  const order = { wanted: 'out', selectors: ['a'], by: 'alice', force: false, forS: 60, reason: null } as const;
  it.each([Number.NaN, Number.POSITIVE_INFINITY, -1, 1e12])('is refused: %s s', (forS) => {
    const wire = BackendsRequest.decode(BackendsRequest.encode({ ...control.backendsRequestToWire(order), forS }).finish());
    expect(() => control.backendsRequestFromWire(wire)).toThrow(expect.objectContaining({ code: 'usage' }));
  });
});

describe('a heartbeat without a pause', () => {
  it.each([0, 0xffff_ffff])('is refused: %s ms', (heartbeatMs) => {
    const wire = commandToWire({ type: 'welcome', session: 's', heartbeatMs: 1_000, version: '1', takesEvents: true });
    if (wire.command?.$case === 'welcome') wire.command.value.heartbeatMs = heartbeatMs;
    expect(() => commandFromWire(wire)).toThrow(expect.objectContaining({ code: 'unsupported' }));
  });
});

describe('a process that is none', () => {
  it.each(['', '42', '42@', '-1@7', '42@7\n', '4'.repeat(1_000_000)])('is not read: %#', (process) => {
    const died = { id: 'a', service: 'c1', at: 7, kind: 'died', process: process as ProcessId, why: 'gone' } as const;
    expect(reportFromWire(reportToWire({ type: 'events', events: [died], unreadable: [] }))).toMatchObject({
      events: [],
      unreadable: ['a'],
    });
    const state = { state: 'running', process: process as ProcessId, startedAt: 7 } as const;
    const part = partToWire({ session: 's', call: '1', outcome: { ok: true, answer: { verb: 'process', value: state } } });
    expect(partFromWire(part)).toMatchObject({ outcome: { ok: false, error: { code: 'unsupported' } } });
    const request = { verb: 'stop', service: 'c1', order: { replacing: process as ProcessId, deadlineMs: 1 } } as const;
    const command = commandToWire({ type: 'call', call: { id: '1', timeoutMs: 1, commandId: 'x', request } });
    expect(commandFromWire(command)).toMatchObject({ call: { request: { verb: 'unknown' } } });
  });
});
