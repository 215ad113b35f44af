import { describe, expect, it } from 'vitest';
import { DOCUMENTS } from '../../../../../controller/ctl/schema/documents.js';
import { AppError } from '../../../../../shared/errors.js';
import type { LogEvent, LogResult, LogSummary } from '../../../../../shared/model/log-search.js';
import { createFakeControl, type FakeControl } from '../../../../support/fake-control.js';
import { FAKE_NOW } from '../../../../support/well-cluster.js';
import { jsonLines, type } from '../harness.js';

const summary: LogSummary = {
  ...{ hits: 1, matchingLines: 2, scannedBytes: 2048, since: null, omitted: 0, notes: [], why: null, stats: null },
};
const result = (...services: readonly Partial<LogResult['services'][number]>[]): LogEvent => ({
  type: 'result',
  result: {
    exit: services.some(({ why }) => why != null) ? 5 : 0,
    services: services.map((one) => ({ ...summary, name: 'zeoclient1.1', host: 'web1', ...one })),
  },
});
const found = (service: string, text: string, more: object = {}): Extract<LogEvent, { type: 'entries' }> => ({
  type: 'entries',
  ...{ service, host: 'web1', file: '/srv/event.log' },
  entries: [{ kind: 'hit', time: FAKE_NOW, level: 'ERROR', offset: 7, lines: 1, matching: 2, text, ...more }],
});

async function typed(line: string, events: readonly LogEvent[], more: object = {}) {
  const control = createFakeControl({ logEvents: events });
  const seat = type(line, { control, ...more });
  const exit = await seat.exit;
  return { exit, out: seat.out(), err: seat.err(), asked: control.calls.find((call) => call.startsWith('log')) ?? '' };
}

/** One entry, and then nothing until somebody ends it. */
function endless() {
  let onShown: () => void = () => undefined;
  const shown = new Promise<void>((resolve) => (onShown = resolve));
  async function* log(_request: unknown, signal: AbortSignal): AsyncGenerator<LogEvent> {
    yield found('a', 'x');
    onShown();
    await new Promise((_, reject) => signal.addEventListener('abort', () => reject(new AppError('cancelled', 'interrupted'))));
  }
  return { log, shown };
}

describe('ctl log', () => {
  it('shows each line of an entry with its service in front, and what it came to beside the result', async () => {
    const events = [
      found('zeoclient1.1', '16:00 ERROR x\n  at y'),
      found('zeoclient1.2b', 'z'),
      result({}, { name: 'b', why: 'EACCES', notes: ['mind'], omitted: 3 }),
    ];
    const { exit, out, err } = await typed('log -p x', events);
    expect(out).toBe('zeoclient1.1 | 16:00 ERROR x\nzeoclient1.1 |   at y\nzeoclient1.2b | z\n');
    expect(err).toBe('note  b: mind\nnot searched  b: EACCES\n3 more\n2 entries (4 lines) in 2 logs, 4 kB searched\n');
    expect(exit).toBe(5);
  });

  it.each(['', ' --json'])('says at once what may be missing in the stream, beside it%s', async (json) => {
    const gap: LogEvent = { ...found('a', 'x'), entries: [], notes: ['it was cut'] };
    const { out, err } = await typed(`log -f${json}`, [gap, found('a', 'after'), result({})]);
    expect(out.split('\n')[0]).toContain('after');
    expect(err).toMatch(/^note {2}a: it was cut\n/);
  });

  it('says what it looked for, where nothing critical was found', async () => {
    const { err } = await typed('log', [result({ hits: 0, matchingLines: 0 })]);
    expect(err).toBe(
      '0 entries (0 lines) in 1 log, 2 kB searched\nthat is nothing critical; `-p PATTERN` looks for something else, `--tail 20` shows what was written last\n',
    );
    expect((await typed('log -p x', [result({ hits: 0, matchingLines: 0 })])).err).not.toContain('critical');
    for (const unseen of [{ why: 'the agent of web1 is away' }, { omitted: 1 }])
      expect((await typed('log', [result({ hits: 0, matchingLines: 0 }, { hits: 0, matchingLines: 0, ...unseen })])).err).not.toContain(
        'critical',
      );
  });

  it('takes a word that is no service for a pattern that was meant', async () => {
    const control: FakeControl = {
      ...createFakeControl(),
      log() {
        throw new AppError('usage', 'no service matches "Conflict.*"', { hint: 'services are a, b' });
      },
    };
    const seat = type('log Conflict.*', { control });
    expect(await seat.exit).toBe(2);
    expect(seat.err()).toContain("services are a, b; what is looked for stands behind -p: `ctl log -p 'Conflict.*'`");
  });

  it('shows what a log has to say, but lets it do nothing to the terminal', async () => {
    const { out } = await typed('log -p x', [found('a', 'x\x1b[2J\x07y'), result()]);
    expect(out).toBe('a | x^[[2J^Gy\n');
  });

  it('gives each service a colour of its own', async () => {
    const { out } = await typed('log -p x', [found('a', 'x'), found('b', 'y'), found('a', 'z'), result()], { color: true });
    const colors = out.split('\n').map((line) => line.slice(0, line.indexOf('m')));
    expect(colors[0]).toBe(colors[2]);
    expect(colors[0]).not.toBe(colors[1]);
    const plain = await typed('log -p x --no-color', [found('a', 'x'), result()], { color: true });
    expect(plain.out).toBe('a | x\n');
  });

  it('asks the controller what was typed, in both forms', async () => {
    const { asked } = await typed('log -p x -i --all --count -s zeoclient1.1, zeoclient1.2', [result({ hits: null })]);
    expect(asked).toContain('log zeoclient1.1,zeoclient1.2 {"what":{"kind":"pattern","pattern":"x","ignoreCase":true},"output":"count"');
    expect((await typed('-a log -p x', [result()])).asked).toContain('log  {"what":{"kind":"pattern","pattern":"x","ignoreCase":false}');
  });

  it('prints one number for each service with --count', async () => {
    const { out, err } = await typed('log -p x --count', [
      result({ hits: null }, { name: 'other', why: 'away', hits: null, matchingLines: 0 }),
    ]);
    expect(out).toBe('zeoclient1.1  2\nother         unknown\n');
    expect(err).toContain('not searched  other: away\n');
  });

  it('is JSON of the published form', async () => {
    const { out, exit } = await typed('log -p x --json', [
      found('a', 'x'),
      found('a', 'y', { kind: 'context', time: null, level: null }),
      result({ omitted: 1 }),
    ]);
    const lines = jsonLines(out);
    for (const line of lines) expect(DOCUMENTS['log-line'].schema.safeParse(line).error?.issues ?? []).toEqual([]);
    expect(lines).toEqual([
      {
        ...{ type: 'hit', service: 'a', host: 'web1', file: '/srv/event.log', time: '2024-09-25T14:47:17.000Z', level: 'ERROR' },
        ...{ offset_bytes: 7, lines: 1, text: 'x' },
      },
      expect.objectContaining({ type: 'context', time: null, level: null }),
      {
        ...{ type: 'result', schema: 1, action: 'log', exit: 0, hits: 1, matching_lines: 2, truncated: true, more: 1 },
        services: [{ name: 'zeoclient1.1', hits: 1, matching_lines: 2, scanned_bytes: 2048, why: null, host: 'web1', notes: [] }],
      },
    ]);
    expect(exit).toBe(0);
  });

  it('has no number of entries where only lines were counted', async () => {
    const { out } = await typed('log -p x --count --json', [result({ hits: null })]);
    expect(jsonLines(out)).toMatchObject([{ hits: null, matching_lines: 2, truncated: false }]);
  });

  it('refuses a pattern that is none before anybody is asked', async () => {
    const { exit, err, asked } = await typed('log -p (x', [result()]);
    expect([exit, asked]).toEqual([2, '']);
    expect(err).toContain(`ctl: not a pattern: (x\n${' '.repeat(15)}^ this group is not closed\n`);
    const json = await typed('log -p (x --json', [result()]);
    expect(jsonLines(json.out)).toMatchObject([{ type: 'result', action: 'log', exit: 2, error: { code: 'usage' } }]);
  });

  it('keeps what was found until Ctrl-C, and says that it is not all', async () => {
    for (const option of ['--json', '-f --json']) {
      const { log, shown } = endless();
      const control: FakeControl = { ...createFakeControl(), log };
      const seat = type(`log -p x ${option}`, { control });
      await shown;
      seat.press('interrupt');
      expect(await seat.exit).toBe(130);
      const lines = jsonLines(seat.out());
      for (const line of lines) expect(DOCUMENTS['log-line'].schema.safeParse(line).error?.issues ?? []).toEqual([]);
      expect(lines.at(-1)).toMatchObject({ type: 'result', exit: 130, hits: 1, matching_lines: 2, truncated: true });
    }
  });
});

describe('ctl log stats', () => {
  const stats = {
    ...{ entries: 3, first: FAKE_NOW, last: FAKE_NOW + 1000 },
    levels: [
      { level: 'ERROR', entries: 2 },
      { level: null, entries: 1 },
    ],
    messages: [{ text: 'Task queue depth is N', level: 'WARNING', entries: 2, first: FAKE_NOW, last: FAKE_NOW }],
  };

  it('shows how many entries there are of each level, and what is repeated most', async () => {
    const { out, exit } = await typed('log stats', [result({ stats }, { name: 'other', why: 'away' })]);
    expect(out).toContain('zeoclient1.1 on web1\n  3 entries, ');
    expect(out).toContain('  ERROR 2, no level 1\n');
    expect(out).toMatch(/ {8}2 {2}WARNING {2}.* {2}Task queue depth is N\n/);
    expect(out).toContain('other on web1\n  unknown: away\n');
    expect(exit).toBe(5);
  });

  it('is JSON of the published form', async () => {
    const { out } = await typed('log stats --json', [result({ stats }, { name: 'other', why: 'away' })]);
    const [document] = jsonLines(out);
    expect(DOCUMENTS['log-stats'].schema.safeParse(document).error?.issues ?? []).toEqual([]);
    expect(document).toMatchObject({
      action: 'log stats',
      services: [
        { entries: 3, messages: [{ text: 'Task queue depth is N', entries: 2 }] },
        { entries: null, levels: null, why: 'away' },
      ],
    });
  });
});
