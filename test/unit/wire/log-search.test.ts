import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  LOG_LEVEL_NAMES,
  type FoundEntry,
  type LogEvent,
  type LogPart,
  type LogQuery,
  type LogStats,
  type LogSummary,
} from '../../../shared/model/log-search.js';
import { LogEvent as WireEvent, LogPart as WirePart, LogRequest as WireRequest } from '../../../shared/wire/gen/ctl/v1/log.js';
import {
  logEventFromWire,
  logEventToWire,
  logPartFromWire,
  logPartToWire,
  logRequestFromWire,
  logRequestToWire,
  queryFromWire,
} from '../../../shared/wire/log-search.js';
import { aQuery } from '../../contract/agent-api/fake-agent.js';

const text = fc.string({ unit: 'grapheme' });
const count = fc.nat({ max: Number.MAX_SAFE_INTEGER });
const small = fc.nat(0xffff_ffff);
const time = fc.option(fc.integer({ min: -8.64e15, max: 8.64e15 }), { nil: null });
const orNull = <T>(arb: fc.Arbitrary<T>) => fc.option(arb, { nil: null });

const queries: fc.Arbitrary<LogQuery> = fc.record({
  what: fc.oneof(
    fc.record({ kind: fc.constant('pattern' as const), pattern: text, ignoreCase: fc.boolean() }),
    fc.record({ kind: fc.constantFrom('critical' as const, 'every' as const) }),
  ),
  output: fc.constantFrom('entries' as const, 'count' as const, 'stats' as const),
  range: fc.oneof(
    fc.record({ kind: fc.constant('since-start' as const) }),
    fc.record({ kind: fc.constant('all' as const), archives: fc.boolean() }),
    fc.record({ kind: fc.constant('between' as const), since: time, until: time }),
  ),
  level: orNull(fc.constantFrom(...LOG_LEVEL_NAMES)),
  context: fc.nat(1_000),
  max: orNull(small),
  tail: orNull(fc.nat(100_000)),
  follow: fc.boolean(),
});

const entries: fc.Arbitrary<FoundEntry> = fc.record({
  ...{ kind: fc.constantFrom('hit' as const, 'context' as const), time, level: orNull(text) },
  ...{ offset: count, lines: small, matching: small, text },
});
const stats: fc.Arbitrary<LogStats> = fc.record({
  ...{ entries: count, first: time, last: time, levels: fc.array(fc.record({ level: orNull(text), entries: count })) },
  messages: fc.array(fc.record({ text, level: orNull(text), entries: count, first: time, last: time })),
});
const summaries: fc.Arbitrary<LogSummary> = fc.record({
  ...{ hits: orNull(count), matchingLines: count, scannedBytes: count, since: orNull(text), omitted: count },
  ...{ notes: fc.array(text), why: orNull(text), stats: orNull(stats) },
});
const found = fc.record(
  { type: fc.constant('entries' as const), file: text, entries: fc.array(entries), notes: fc.array(text, { minLength: 1 }) },
  { requiredKeys: ['type', 'file', 'entries'] },
);
const parts: fc.Arbitrary<LogPart> = fc.oneof(found, fc.record({ type: fc.constant('summary' as const), summary: summaries }));
const events: fc.Arbitrary<LogEvent> = fc.oneof(
  fc.tuple(found, fc.record({ service: text, host: text })).map(([one, where]) => ({ ...one, ...where })),
  fc.record({
    type: fc.constant('result' as const),
    result: fc.record({
      exit: small,
      services: fc.array(fc.tuple(summaries, fc.record({ name: text, host: text })).map(([one, where]) => ({ ...one, ...where }))),
    }),
  }),
);

/** What an enum field holds when a later version has sent a value of its own. */
const LATER = 99 as never;

describe('a search that crosses the wire', () => {
  it('is the same question at the other end', () => {
    fc.assert(
      fc.property(fc.record({ selectors: fc.array(text), query: queries }), (request) => {
        expect(logRequestFromWire(WireRequest.decode(WireRequest.encode(logRequestToWire(request)).finish()))).toEqual(request);
      }),
    );
  });

  it('is the same part of an answer', () => {
    fc.assert(
      fc.property(parts, (part) => {
        expect(logPartFromWire(WirePart.decode(WirePart.encode(logPartToWire(part)).finish()))).toEqual(part);
      }),
    );
  });

  it('is the same event', () => {
    fc.assert(
      fc.property(events, (event) => {
        expect(logEventFromWire(WireEvent.decode(WireEvent.encode(logEventToWire(event)).finish()))).toEqual(event);
      }),
    );
  });

  it('is refused when it asks what only a later version knows', () => {
    const unsupported = expect.objectContaining({ code: 'unsupported' }) as object;
    expect(() => queryFromWire(undefined)).toThrow(unsupported);
    expect(() => logPartFromWire({})).toThrow(unsupported);
    expect(() => logEventFromWire({})).toThrow(unsupported);
    const { query } = logRequestToWire({ selectors: [], query: aQuery });
    if (query === undefined) throw new Error('there is no query');
    expect(() => queryFromWire({ ...query, output: LATER })).toThrow(unsupported);
    expect(() => queryFromWire({ ...query, range: undefined as never })).toThrow(unsupported);
    expect(() => queryFromWire({ ...query, level: 'LOUD' })).toThrow(unsupported);
  });

  it('is refused when it asks for more than an agent can hold back', () => {
    const { query } = logRequestToWire({ selectors: [], query: aQuery });
    const tooMany = (message: string) => expect.objectContaining({ code: 'usage', message }) as object;
    expect(() => queryFromWire({ ...query, tail: 4_000_000_000 } as never)).toThrow(
      tooMany('--tail 4000000000 is too many: at most 100000'),
    );
    expect(() => queryFromWire({ ...query, context: 1_001 } as never)).toThrow(tooMany('--context 1001 is too many: at most 1000'));
  });
});
