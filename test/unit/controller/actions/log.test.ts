import { describe, expect, it } from 'vitest';
import { searchLogs } from '../../../../controller/actions/log.js';
import { AppError } from '../../../../shared/errors.js';
import type { AgentApi } from '../../../../shared/model/agent-api.js';
import type { FoundEntries, FoundEntry, LogEvent, LogPart, LogQuery, LogSummary } from '../../../../shared/model/log-search.js';
import { aQuery } from '../../../contract/agent-api/fake-agent.js';
import { aClient, aFleet, never } from '../checks/fixtures.js';

const entry = (text: string, kind: FoundEntry['kind'] = 'hit'): FoundEntry => ({
  ...{ kind, time: null, level: null, offset: 0, lines: 1, matching: 1 },
  text,
});
const found = (...entries: readonly FoundEntry[]): FoundEntries => ({ type: 'entries', file: '/log', entries });
const GAP: LogPart = { ...found(), notes: ['it was cut'] };
const summary = (more: Partial<LogSummary> = {}): LogPart => ({
  type: 'summary',
  summary: { hits: 1, matchingLines: 1, scannedBytes: 10, since: null, omitted: 0, notes: [], why: null, stats: null, ...more },
});

type Search = AgentApi['search'];
const answering = (parts: Readonly<Record<string, readonly LogPart[]>>): Search =>
  async function* (service) {
    yield* parts[service] ?? [];
  };

const services = ['a1', 'a2', 'b1'].map((name) => aClient({ name }, { host: name.startsWith('a') ? 'hostA' : 'hostB' }));
const start = (hosts: Readonly<Record<string, Search>>, query: Partial<LogQuery> = {}, signal = never) => {
  const fleet = aFleet(Object.fromEntries(Object.entries(hosts).map(([host, search]) => [host, { search }])));
  return searchLogs({ select: () => services, fleet }, { selectors: [], query: { ...aQuery, ...query } }, signal);
};

async function all(events: AsyncIterable<LogEvent>) {
  const texts: string[] = [];
  for await (const event of events) {
    if (event.type === 'result') return { texts, result: event.result };
    texts.push(...event.entries.map(({ text, kind }) => `${event.service}@${event.host} ${kind} ${text}`));
  }
  throw new Error('no result');
}

describe('searching the logs of a cluster', () => {
  const both = {
    hostA: answering({ a1: [found(entry('x')), summary()], a2: [found(entry('y')), summary({ matchingLines: 3 })] }),
    hostB: answering({ b1: [found(entry('z')), summary({ notes: ['mind'] })] }),
  };

  it('brings what all hosts find, and a summary of each service in the order of the services', async () => {
    const { texts, result } = await all(start(both));
    expect(texts.sort()).toEqual(['a1@hostA hit x', 'a2@hostA hit y', 'b1@hostB hit z']);
    expect(result.exit).toBe(0);
    expect(result.services.map(({ name, host, matchingLines, notes }) => [name, host, matchingLines, notes])).toEqual([
      ['a1', 'hostA', 1, []],
      ['a2', 'hostA', 3, []],
      ['b1', 'hostB', 1, ['mind']],
    ]);
  });

  it('passes on what may be missing, also when no entry may pass any more', async () => {
    const seen: LogEvent[] = [];
    const hostA = answering({ a1: [found(entry('x')), GAP, found(entry('y')), summary()], a2: [summary()] });
    for await (const event of start({ hostA, hostB: answering({ b1: [summary()] }) }, { max: 1 })) seen.push(event);
    expect(seen.filter(({ type }) => type === 'entries')).toEqual([
      { ...found(entry('x')), service: 'a1', host: 'hostA' },
      { ...GAP, service: 'a1', host: 'hostA' },
    ]);
  });

  it('is incomplete, and says why, when an agent is away or a log cannot be read', async () => {
    const { hostA } = both;
    const { texts, result } = await all(start({ hostA }));
    expect(texts).toHaveLength(2);
    expect(result.exit).toBe(5);
    expect(result.services[2]).toMatchObject({ name: 'b1', why: 'the agent of hostB is away' });
    const unreadable = { ...both, hostB: answering({ b1: [summary({ why: 'EACCES' })] }) };
    expect((await all(start(unreadable))).result.exit).toBe(5);
    const silent = { ...both, hostB: answering({}) };
    expect((await all(start(silent))).result.services[2]?.why).toBe('the agent of hostB did not say how it ended');
  });

  it('is a finding when something critical was looked for and found, also if something else could not be searched', async () => {
    const what = { kind: 'critical' } as const;
    expect((await all(start({ hostA: both.hostA }, { what }))).result.exit).toBe(1);
    const none = { hostA: answering({ a1: [summary({ hits: 0, matchingLines: 0 })], a2: [summary({ hits: 0, matchingLines: 0 })] }) };
    expect((await all(start({ ...none, hostB: answering({ b1: [summary({ hits: 0, matchingLines: 0 })] }) }, { what }))).result.exit).toBe(
      0,
    );
    expect((await all(start({ ...none }, { what }))).result.exit).toBe(5);
  });

  it('rejects as a whole for a pattern that is none, and nobody goes on searching', async () => {
    let ended = false;
    const hostB: Search = async function* (_service, _query, { signal }) {
      yield found(entry('z'));
      await new Promise((_, reject) =>
        signal.addEventListener('abort', () => {
          ended = true;
          reject(new AppError('cancelled', 'ended'));
        }),
      );
    };
    const hostA: Search = () => ({
      [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(new AppError('usage', 'not a pattern')) }),
    });
    await expect(all(start({ hostA, hostB }))).rejects.toMatchObject({ code: 'usage', message: 'not a pattern' });
    expect(ended).toBe(true);
  });

  it('shows at most so many hits in all, with what stands beside them, and counts the others', async () => {
    const many = [entry('b', 'context'), entry('1'), entry('2'), entry('a', 'context'), entry('3')];
    const hostA = answering({ a1: [found(...many), summary({ hits: 7, omitted: 4 })], a2: [summary({ hits: 0 })] });
    const hostB = answering({ b1: [summary({ hits: 0 })] });
    const { texts, result } = await all(start({ hostA, hostB }, { max: 1 }));
    expect(texts).toEqual(['a1@hostA context b', 'a1@hostA hit 1']);
    expect(result.services[0]?.omitted).toBe(6);
  });

  it('takes from the agents no more than is read', async () => {
    let given = 0;
    const hostA: Search = async function* () {
      for (; given < 100; given++) yield found(entry('x'));
    };
    const reading = start({ hostA, hostB: hostA })[Symbol.asyncIterator]();
    for (let n = 0; n < 3; n++) await reading.next();
    expect(given).toBeLessThan(12);
    await reading.return(undefined);
    expect(given).toBeLessThan(12);
  });

  it('ends everywhere when its signal aborts', async () => {
    const abort = new AbortController();
    const waiting: Search = async function* (_service, _query, { signal }) {
      yield found(entry('x'));
      await new Promise((_, reject) => signal.addEventListener('abort', () => reject(new AppError('cancelled', 'enough'))));
    };
    const reading = start({ hostA: waiting, hostB: waiting }, {}, abort.signal)[Symbol.asyncIterator]();
    await reading.next();
    abort.abort(new AppError('cancelled', 'enough'));
    await expect(
      (async () => {
        while ((await reading.next()).done !== true);
      })(),
    ).rejects.toMatchObject({ code: 'cancelled' });
  });

  it('searches a few logs of a host at a time, and follows all of them', async () => {
    const clients = Array.from({ length: 9 }, (_, n) => aClient({ name: `c${n}` }, { host: 'hostA' }));
    const most = async (follow: boolean) => {
      let running = 0;
      let peak = 0;
      const hostA: Search = async function* () {
        peak = Math.max(peak, ++running);
        for (let n = 0; n < 5; n++) yield found(entry('x'));
        running -= 1;
        yield summary();
      };
      const deps = { select: () => clients, fleet: aFleet({ hostA: { search: hostA } }) };
      await all(searchLogs(deps, { selectors: [], query: { ...aQuery, follow } }, never));
      return peak;
    };
    expect([await most(false), await most(true)]).toEqual([4, 9]);
  });
});
