import { describe, expect, it } from 'vitest';
import { createFakeControl } from '../../../../support/fake-control.js';
import { type } from '../harness.js';

describe('ctl repair', () => {
  it('asks nobody, and follows what is done', async () => {
    const control = createFakeControl();
    const seat = type('repair zeoclient1.1', { control, canAsk: true });
    expect(await seat.exit).toBe(0);
    expect(seat.questions).toEqual([]);
    expect(control.requests).toMatchObject([{ action: 'repair', selectors: ['zeoclient1.1'], by: 'tester@here', force: false }]);
  });

  it('explains for each service what it would do, and does nothing', async () => {
    const control = createFakeControl({
      decisions: [
        { service: 'zeo', state: 'critical', action: 'start', reason: 'event 1: no TCP connection; it is started' },
        { service: 'zeoclient1.1', state: 'well', action: 'none', reason: 'nothing is wrong with it' },
      ],
    });
    const seat = type('repair --explain', { control });
    expect(await seat.exit).toBe(1);
    expect(control.requests).toEqual([]);
    expect(seat.out()).toBe(
      [
        'repair would do this; nothing was touched:',
        '',
        '  SERVICE       STATE     REPAIR   WHY',
        '  zeo           critical  start    event 1: no TCP connection; it is started',
        '  zeoclient1.1  well      nothing  nothing is wrong with it',
        '',
      ].join('\n'),
    );
  });
});
