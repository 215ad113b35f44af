import { describe, expect, it } from 'vitest';
import { createEventLog, type EventLog } from '../../../../controller/actions/event-log.js';
import { AppError } from '../../../../shared/errors.js';
import type { OperationEvent } from '../../../../shared/model/operation.js';

const note = (message: string): OperationEvent => ({ type: 'note', operation: '1', service: null, at: 0, message });
const textOf = (event: OperationEvent) => (event.type === 'note' ? event.message : event.type);

interface Reader {
  readonly seen: string[];
  readonly end: Promise<unknown>;
}

/** `end` resolves with the error that ended it, or null. */
function read(log: EventLog, signal = new AbortController().signal): Reader {
  const seen: string[] = [];
  const drain = async () => {
    for await (const event of log.follow(signal)) seen.push(textOf(event));
  };
  return {
    seen,
    end: drain().then(
      () => null,
      (error: unknown) => error,
    ),
  };
}

describe('the events of an operation', () => {
  it('are read from their beginning by everybody, whenever they come', async () => {
    const log = createEventLog();
    const early = read(log);
    log.add(note('a'));
    const middle = read(log);
    log.add(note('b'));
    log.end(null);
    const late = read(log);
    for (const reader of [early, middle, late])
      expect({ end: await reader.end, seen: reader.seen }).toEqual({ end: null, seen: ['a', 'b'] });
  });

  it('come while they happen, also those that were added while another one was read', async () => {
    const log = createEventLog();
    const events = log.follow(new AbortController().signal)[Symbol.asyncIterator]();
    const first = events.next();
    log.add(note('a'));
    log.add(note('b'));
    expect([await first, await events.next()].map(({ value }) => textOf(value as OperationEvent))).toEqual(['a', 'b']);
    const third = events.next();
    log.add(note('c'));
    expect(textOf((await third).value as OperationEvent)).toBe('c');
    log.end(null);
    expect(await events.next()).toEqual({ done: true, value: undefined });
  });

  it('end for one reader when he goes, and go on for the others', async () => {
    const log = createEventLog();
    const leaving = new AbortController();
    const gone = read(log, leaving.signal);
    const staying = read(log);
    log.add(note('a'));
    leaving.abort();
    expect(await gone.end).toBeNull();
    log.add(note('b'));
    log.end(null);
    expect(await staying.end).toBeNull();
    expect(staying.seen).toEqual(['a', 'b']);
    expect(gone.seen).not.toContain('b');
  });

  it('end with the reason, after all of them, if the operation did not come to its end', async () => {
    const log = createEventLog();
    const early = read(log);
    log.add(note('a'));
    const why = new AppError('unreachable', 'the controller is stopping');
    log.end(why);
    for (const reader of [early, read(log)]) expect({ end: await reader.end, seen: reader.seen }).toEqual({ end: why, seen: ['a'] });
  });
});
