import { describe, expect, it } from 'vitest';
import { attemptsIn } from '../../../../controller/rolling/repair-history.js';
import { aPlan, attached, entered, settled, started } from './fixtures.js';

const repair = started(aPlan([['c1'], ['c2']], { action: 'repair', roots: ['zeo'] }));
const attempt = (service: string, at: number, endedAt: number | null, failed = false) => ({
  ...{ service, operation: '20260101-000000-0001', at, endedAt, failed },
});

describe('the repairs that a journal tells of', () => {
  it('are those of each service that was touched, from its first step to its end', () => {
    const events = [repair, attached(1), entered(10, 'zeo', 'start'), entered(20, 'zeo', 'check'), settled(30, 'zeo', 'done')];
    expect(attemptsIn([...events, entered(40, 'c1', 'out'), settled(50, 'c1', 'failed'), entered(60, 'c2', 'out')])).toEqual([
      attempt('zeo', 10, 30),
      attempt('c1', 40, 50, true),
      attempt('c2', 60, null),
    ]);
  });

  it('are not those that were skipped, nor other operations', () => {
    expect(attemptsIn([repair, attached(1), settled(50, 'c1', 'skipped')])).toEqual([]);
    expect(attemptsIn([started(aPlan([['c1']])), attached(1), entered(40, 'c1', 'out'), settled(50, 'c1', 'done')])).toEqual([]);
  });
});
