import { describe, expect, it } from 'vitest';
import { createExpiryWatch, type Held } from '../../../../controller/identity/expiry.js';

const DAY_MS = 86_400_000;
const END = Date.parse('2026-06-30T00:00:00Z');
const web1: Held = { host: 'web1', what: 'the certificate of agent web1', expiresAt: END, advice: 'start it' };
const before = (days: number) => END - days * DAY_MS;

/** What is told when somebody looks so many days before the end, one look after the other. */
function told(...days: readonly number[]) {
  const watch = createExpiryWatch();
  return days.map((left) => watch.look([web1], before(left)).map((one) => (one.type === 'trouble' ? one.trouble.got : one.type)));
}

describe('certificates that expire', () => {
  it('are told at 30, at 7 and at 1 day before the end, and when it has come', () => {
    expect(told(31, 30, 29, 8, 7, 2, 1, 0.5, 0, -5)).toEqual([
      ['settled'],
      ['at most 30 days left'],
      [],
      [],
      ['at most 7 days left'],
      [],
      ['at most 1 day left'],
      [],
      ['expired'],
      [],
    ]);
  });

  it('are told at once to a controller that starts late', () => {
    expect(told(3)).toEqual([['at most 7 days left']]);
  });

  it('say what is wrong, where, and what to do', () => {
    const [observation] = createExpiryWatch().look([web1], before(7));
    expect(observation).toEqual({
      type: 'trouble',
      trouble: {
        ...{ service: null, host: 'web1', event: null, kind: 'certificate' },
        message: 'the certificate of agent web1 expires at 2026-06-30T00:00:00.000Z: start it',
        ...{ expected: 'renewed at two thirds of its life', got: 'at most 7 days left', logEntry: null },
        ...{ lasting: true, reason: '7 days before its end' },
      },
    });
  });

  it('are settled by a renewal, and by a revocation', () => {
    const watch = createExpiryWatch();
    watch.look([web1], before(7));
    expect(watch.look([{ ...web1, expiresAt: END + 90 * DAY_MS }], before(6))).toMatchObject([
      { type: 'settled', place: { host: 'web1' } },
    ]);
    watch.look([web1], before(5));
    expect(watch.look([], before(5))).toMatchObject([{ type: 'settled', place: { host: 'web1', kind: 'certificate' } }]);
    expect(watch.look([], before(5))).toEqual([]);
  });
});
