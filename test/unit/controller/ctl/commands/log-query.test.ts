import { describe, expect, it } from 'vitest';
import { logQueryOf, parseTime } from '../../../../../controller/ctl/commands/log-query.js';
import type { LogFlags } from '../../../../../controller/ctl/typed/actions/log.js';
import { AppError } from '../../../../../shared/errors.js';

const NOW = new Date(2024, 8, 25, 16, 47, 17).getTime();
const NONE: LogFlags = {
  ...{ pattern: null, ignoreCase: false, follow: false, tail: null, level: null, all: false, archives: false },
  ...{ since: null, until: null, count: false, context: 0, max: null },
};
const query = (flags: Partial<LogFlags>) => logQueryOf({ ...NONE, ...flags }, 'entries', NOW);

describe('the question of `ctl log`', () => {
  it('is what is critical since the last start, if nothing is said', () => {
    expect(query({})).toEqual({
      ...{ what: { kind: 'critical' }, output: 'entries', range: { kind: 'since-start' } },
      ...{ level: null, context: 0, max: null, tail: null, follow: false },
    });
  });

  it.each<[Partial<LogFlags>, object]>([
    [
      { pattern: 'x', ignoreCase: true },
      { what: { kind: 'pattern', pattern: 'x', ignoreCase: true }, range: { kind: 'since-start' } },
    ],
    [{ level: 'ERROR' }, { what: { kind: 'every' }, level: 'ERROR', range: { kind: 'since-start' } }],
    [{ tail: 5 }, { what: { kind: 'every' }, tail: 5, range: { kind: 'all', archives: false } }],
    [
      { tail: 5, pattern: 'x' },
      { tail: 5, range: { kind: 'since-start' } },
    ],
    [{ all: true }, { what: { kind: 'critical' }, range: { kind: 'all', archives: false } }],
    [{ archives: true }, { range: { kind: 'all', archives: true } }],
    [{ follow: true }, { what: { kind: 'every' }, follow: true, tail: 0 }],
    [
      { follow: true, tail: 3 },
      { follow: true, tail: 3 },
    ],
    [
      { follow: true, all: true },
      { follow: true, tail: null, range: { kind: 'all', archives: false } },
    ],
    [{ since: '1h' }, { range: { kind: 'between', since: NOW - 3_600_000, until: null } }],
    [{ until: '16:00' }, { range: { kind: 'between', since: null, until: new Date(2024, 8, 25, 16).getTime() } }],
  ])('follows from %o', (flags, expected) => expect(query(flags)).toMatchObject(expected));

  it.each<[Partial<LogFlags>, string]>([
    [{ follow: true, count: true }, '-f and --count do not go together'],
    [{ follow: true, until: '1h' }, '-f and --until do not go together'],
    [{ all: true, since: '1h' }, '--all and a time do not go together'],
    [{ tail: 1, count: true }, '--tail and --count do not go together'],
    [{ context: 1, count: true }, '--context and --count do not go together'],
    [{ max: 1, count: true }, '--max and --count do not go together'],
    [{ max: 1, tail: 1 }, '--max and --tail do not go together'],
    [{ ignoreCase: true }, '-i goes with -p'],
    [{ since: '1h', until: '2h' }, '--since 1h is not before --until 2h'],
    [{ since: 'soon' }, '--since soon: not a time'],
    [{ pattern: '(' }, `not a pattern: (\n${' '.repeat(15)}^ this group is not closed`],
  ])('is refused if it contradicts itself: %o', (flags, message) => {
    expect(() => query(flags)).toThrow(expect.objectContaining({ code: 'usage', message }));
  });
});

describe('a time', () => {
  it.each([
    ['2024-09-25', new Date(2024, 8, 25).getTime()],
    ['16:30', new Date(2024, 8, 25, 16, 30).getTime()],
    ['2024-09-25 16:30', new Date(2024, 8, 25, 16, 30).getTime()],
    ['2024-09-25T16:30:05,5', new Date(2024, 8, 25, 16, 30, 5, 500).getTime()],
    ['2024-09-25 16:30Z', Date.UTC(2024, 8, 25, 16, 30)],
    ['2024-09-25T16:30:00+02:00', Date.UTC(2024, 8, 25, 14, 30)],
    ['90s', NOW - 90_000],
    ['3d', NOW - 3 * 86_400_000],
  ])('is understood: %s', (text, time) => expect(parseTime('--since', text, NOW)).toBe(time));

  it.each(['', 'x', '2024-02-30', '2024-13-01', '25:00', '2024-09-25Z', '10', '1y', '16:60'])('is refused: "%s"', (text) => {
    expect(() => parseTime('--since', text, NOW)).toThrow(AppError);
  });
});
