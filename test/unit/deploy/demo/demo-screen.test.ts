import { describe, expect, it } from 'vitest';
import { planCluster } from '../../../../deploy/demo/cluster-plan.js';
import { complaints, introduction, resultLine, whatToTry } from '../../../../deploy/demo/demo-screen.js';
import type { LoadStats } from '../../../../deploy/demo/load.js';

const plan = planCluster({ clients: 4, pools: 2 }, '/t', [7400, 8100, 80, 1, 2, 3, 4]);
const result = { clients: 4, pools: 2, requests: 12345, failed: 0, seconds: 9.876, balancer: 'pound 4.16' };
const stats: LoadStats = { requests: 9, failed: 0, retried: 0, reconnected: 0, seconds: 1, perSecond: 9, latencyMs: null, failures: [] };

describe('the screen of the demo', () => {
  it('says what runs and which command is about to be given', () => {
    const text = introduction(plan, 'pound 4.16 (on PATH)', { busy: 20, idle: 10 });
    expect(text).toContain('visitors  20 busy and 10 idle keep-alive connections');
    expect(text).toContain('(pool 1: zeoclient1.1, zeoclient1.2; pool 2: zeoclient2.1, zeoclient2.2)');
    expect(text).toContain('$ ctl -a start -c /t/cluster.ini');
  });

  it('ends with one line of figures', () => {
    expect(resultLine(result)).toBe('4 clients in 2 pools restarted · 12,345 requests · 0 failed · 9.9 s · pound 4.16');
  });

  it('complains of nothing when every client is new and no request failed', () => {
    expect(complaints(plan, result, 0, stats)).toEqual([]);
  });

  it('complains of each thing that went wrong, with the first failures', () => {
    const failures = [{ at: 0, why: 'status 503' }];
    expect(complaints(plan, { ...result, clients: 3 }, 1, { ...stats, failed: 1, failures })).toEqual([
      'ctl ended with 1',
      'only 3 of 4 clients are new processes',
      '1 requests failed, the first of them:',
      '  00:00:00.000 status 503',
    ]);
    expect(complaints(plan, result, null, stats)).toEqual(['ctl ended with a signal']);
  });

  it('tells how to end what is left running', () => {
    expect(whatToTry(plan, 'node dist/ctl.js')).toContain('npm run demo -- --end /t\n');
  });
});
