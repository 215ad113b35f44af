import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EMPTY_BOOK, note, type NoticeBook } from '../../../../controller/notify/book.js';
import { afterMail, decide, type Notice } from '../../../../controller/notify/decide.js';
import type { IncidentChange } from '../../../../shared/model/incident.js';
import { runs } from '../../../support/runs.js';
import { anIncident, changed, ended, HOUR, MINUTE, NOW, opened } from './fixtures.js';

const LIMITS = { reminderMs: HOUR, maxMailsPerHour: 20 };

interface Mailed {
  readonly at: number;
  readonly notices: readonly Notice[];
  readonly digest: boolean;
  readonly nextAt: number | null;
}

interface Told {
  readonly at: number;
  readonly changes: readonly IncidentChange[];
}

/** Plays what is told at which time, and everything that comes of it by `until`. */
function play(told: readonly Told[], until: number, limits = LIMITS): { readonly mails: Mailed[]; readonly book: NoticeBook } {
  const mails: Mailed[] = [];
  let book = EMPTY_BOOK;
  const mailUntil = (end: number) => {
    for (let now = 0; ;) {
      const decision = decide(book, limits, now);
      if (decision.action === 'wait') {
        if (decision.until === null || decision.until > end) return;
        now = decision.until;
      } else {
        const { notices, digest, nextAt } = decision;
        mails.push({ at: now, notices, digest, nextAt });
        book = afterMail(book, notices, `<mail-${mails.length}>`, now);
      }
    }
  };
  for (const { at, changes } of told) {
    mailUntil(at - 1);
    book = note(book, changes, at);
  }
  mailUntil(until);
  return { mails, book };
}

const types = (mails: readonly Mailed[]) => mails.map(({ notices }) => notices.map(({ type, incident }) => `${type} ${incident.id}`));

describe('a change', () => {
  it('is mailed when it opens an incident and when it ends one', () => {
    const { mails } = play(
      [
        { at: NOW, changes: [opened({ id: 'a' })] },
        { at: NOW + MINUTE, changes: [ended({ id: 'a' })] },
      ],
      NOW + 9 * HOUR,
    );
    expect(types(mails)).toEqual([['opened a'], ['ended a']]);
    expect(mails.map(({ at }) => at)).toEqual([NOW + 500, NOW + MINUTE + 500]);
  });

  it('shares a mail with those that come within 500 ms', () => {
    const { mails } = play(
      [
        { at: NOW, changes: [opened({ id: 'a' })] },
        { at: NOW + 499, changes: [opened({ id: 'b' }), opened({ id: 'c' })] },
        { at: NOW + 501, changes: [opened({ id: 'd' })] },
      ],
      NOW + MINUTE,
    );
    expect(types(mails)).toEqual([['opened a', 'opened b', 'opened c'], ['opened d']]);
  });

  it('that is told twice is mailed once', () => {
    const twice = [opened({ id: 'a' }), opened({ id: 'a' })];
    const { mails } = play(
      [
        { at: NOW, changes: twice },
        { at: NOW + MINUTE, changes: [...twice, ended({ id: 'a' }), ended({ id: 'a' })] },
        { at: NOW + 2 * MINUTE, changes: [ended({ id: 'a' })] },
      ],
      NOW + HOUR,
    );
    expect(types(mails)).toEqual([['opened a'], ['ended a']]);
  });

  it('that came and went before any mail is one notice', () => {
    const { mails, book } = play([{ at: NOW, changes: [opened({ id: 'a' }), ended({ id: 'a' })] }], NOW + 9 * HOUR);
    expect(types(mails)).toEqual([['passed a']]);
    expect(book.told).toEqual([]);
  });

  it('of trouble that began without a mail is taken for its beginning', () => {
    expect(types(play([{ at: NOW, changes: [changed({ id: 'a' })] }], NOW + MINUTE).mails)).toEqual([['opened a']]);
  });

  it('that ends what nobody was told of is not mailed', () => {
    expect(play([{ at: NOW, changes: [ended({ id: 'a' })] }], NOW + MINUTE).mails).toEqual([]);
  });

  it('brings its words up to date until the mail is written', () => {
    const { mails } = play([{ at: NOW, changes: [opened({ id: 'a' }), changed({ id: 'a', action: 'restarted it' })] }], NOW + MINUTE);
    expect(mails[0]?.notices[0]?.incident.action).toBe('restarted it');
  });

  it.each([
    ['a finding that is not critical', { event: null, kind: 'ping' } as const, 0],
    ['a service that could not be measured', { event: null, kind: 'unmeasured' } as const, 0],
    ['a host that could not be measured', { event: null, kind: 'unmeasured', service: null } as const, 1],
    ['a process that died', { event: null, kind: 'process' } as const, 1],
    ['a repair that was given up', { event: null, kind: 'repair' } as const, 1],
    ['a roll that was skipped', { event: null, kind: 'roll', service: null, host: null } as const, 1],
  ])('about %s is mailed or not', (_, incident, mails) => {
    expect(play([{ at: NOW, changes: [opened(incident)] }], NOW + MINUTE).mails).toHaveLength(mails);
  });
});

describe('a reminder', () => {
  it('comes again and again while it lasts, and answers the first mail', () => {
    const { mails } = play(
      [
        { at: NOW, changes: [opened({ id: 'a' })] },
        { at: NOW + 2.5 * HOUR, changes: [ended({ id: 'a' })] },
      ],
      NOW + 9 * HOUR,
    );
    expect(types(mails)).toEqual([['opened a'], ['reminder a'], ['reminder a'], ['ended a']]);
    expect(mails.map(({ notices }) => notices[0]?.thread)).toEqual([null, '<mail-1>', '<mail-1>', '<mail-1>']);
    expect(mails[2]).toMatchObject({ at: NOW + 500 + 2 * HOUR, notices: [{ reason: 'it lasts (reminder 2)' }] });
  });

  it('tells what was seen last', () => {
    const { mails } = play(
      [
        { at: NOW, changes: [opened({ id: 'a' })] },
        { at: NOW + MINUTE, changes: [changed({ id: 'a', count: 7 })] },
      ],
      NOW + 1.5 * HOUR,
    );
    expect(mails[1]?.notices[0]?.incident.count).toBe(7);
  });

  it('never comes if there is to be none', () => {
    expect(play([{ at: NOW, changes: [opened()] }], NOW + 99 * HOUR, { ...LIMITS, reminderMs: 0 }).mails).toHaveLength(1);
  });
});

describe('the limit of an hour', () => {
  const storm = (mails: number): Told[] =>
    Array.from({ length: mails }, (_, i) => ({ at: NOW + i * MINUTE, changes: [opened({ id: `i${i}` })] }));
  const limits = { reminderMs: 0, maxMailsPerHour: 3 };

  it('lets a digest replace the mails that are over it', () => {
    const { mails } = play(storm(6), NOW + 9 * HOUR, limits);
    expect(types(mails)).toEqual([['opened i0'], ['opened i1'], ['opened i2'], ['opened i3', 'opened i4', 'opened i5']]);
    expect(mails.map(({ digest }) => digest)).toEqual([false, false, false, true]);
    expect(mails[3]?.at).toBe(NOW + 500 + HOUR);
  });

  it('is announced by the last mail before it', () => {
    const { mails } = play(storm(6), NOW + 9 * HOUR, limits);
    expect(mails.map(({ nextAt }) => nextAt)).toEqual([null, null, NOW + 500 + HOUR, NOW + 500 + MINUTE + HOUR]);
  });

  it('is none at 0', () => {
    expect(play(storm(50), NOW + 9 * HOUR, { ...limits, maxMailsPerHour: 0 }).mails).toHaveLength(50);
  });

  it('is kept, and nothing is lost, whatever happens', () => {
    const step = fc.record({ afterMs: fc.integer({ min: 0, max: 20 * MINUTE }), who: fc.integer({ min: 0, max: 5 }) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), fc.integer({ min: 1, max: 4 }), (steps, maxMailsPerHour) => {
        const open = new Map<number, string>();
        const told: Told[] = [];
        let at = NOW;
        for (const [nth, { afterMs, who }] of steps.entries()) {
          at += afterMs;
          const id = open.get(who);
          told.push({ at, changes: [id === undefined ? opened({ id: `${who}-${nth}` }) : ended({ id })] });
          if (id === undefined) open.set(who, `${who}-${nth}`);
          else open.delete(who);
        }
        const { mails, book } = play(told, at + 99 * HOUR, { reminderMs: 0, maxMailsPerHour });
        for (const { at: end } of mails)
          expect(mails.filter((one) => one.at > end - HOUR && one.at <= end).length).toBeLessThanOrEqual(maxMailsPerHour);
        const of = (type: Notice['type']) => mails.flatMap(({ notices }) => notices.filter((one) => one.type === type));
        const [begun, over, passed] = [of('opened').length, of('ended').length, of('passed').length];
        expect(begun + passed).toBe(told.filter(({ changes }) => changes[0]?.type === 'opened').length);
        expect(over + passed).toBe(told.filter(({ changes }) => changes[0]?.type === 'ended').length);
        expect(book.pending).toEqual([]);
        expect(book.told).toHaveLength(open.size);
      }),
      { numRuns: runs(200) },
    );
  });
});

it('says why it waits', () => {
  expect(decide(EMPTY_BOOK, LIMITS, NOW)).toEqual({ action: 'wait', until: null, reason: 'there is nothing to tell' });
  const noted = note(EMPTY_BOOK, [opened()], NOW);
  expect(decide(noted, LIMITS, NOW)).toEqual({ action: 'wait', until: NOW + 500, reason: 'what comes now shares a mail' });
  const told = afterMail(noted, [{ type: 'opened', incident: anIncident(), reason: '', thread: null }], '<1>', NOW);
  expect(decide(told, LIMITS, NOW)).toEqual({ action: 'wait', until: NOW + HOUR, reason: 'the next reminder' });
  const full = { ...noted, mailedAt: [NOW - 1, NOW, NOW] };
  expect(decide(full, { ...LIMITS, maxMailsPerHour: 3 }, NOW + 500)).toEqual({
    action: 'wait',
    until: NOW - 1 + HOUR,
    reason: '3 mails in an hour: the rest comes in a digest',
  });
});
