import { describe, expect, it } from 'vitest';
import { createFakeControl } from '../../../../support/fake-control.js';
import { FAKE_NOW } from '../../../../support/well-cluster.js';
import { printed } from '../harness.js';

describe('ctl perf', () => {
  it('shows the week beside the week before, and says what takes twice the time', async () => {
    const now = { count: 120, p50: 0.2, p95: 0.9, max: 1.5 };
    const before = { count: 100, p50: 0.1, p95: 0.8, max: 12 };
    const rows = [
      { service: 'zeoclient1.1', host: 'web1', url: '/', now, before },
      { service: 'zeoclient1.1', host: 'web1', url: '/news', now, before: null },
    ];
    const control = createFakeControl({ perf: { from: 0, to: FAKE_NOW, rows, warnings: ['perf_3.log: 1 line is none of a perf file'] } });
    const { exit, out } = await printed('perf', { control });
    expect(exit).toBe(0);
    expect(out.split('\n')).toEqual([
      'SERVICE       HOST  URL    COUNT  P50     P95     MAX    THE WEEK BEFORE',
      'zeoclient1.1  web1  /      120    200 ms  900 ms  1.5 s  100 ms, 800 ms, 12.0 s (100)  now 2.0 times as long',
      'zeoclient1.1  web1  /news  120    200 ms  900 ms  1.5 s  -',
      '',
      'warning  perf_3.log: 1 line is none of a perf file',
      '',
    ]);
  });

  it('says that nothing was timed', async () => {
    expect((await printed('perf', { control: createFakeControl() })).out).toBe('no page was timed in the last two weeks\n');
  });
});
