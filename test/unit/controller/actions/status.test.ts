import { describe, expect, it } from 'vitest';
import { status } from '../../../../controller/actions/status.js';
import { aClient, aService, fakeClock } from '../checks/fixtures.js';
import { aReport } from './reports.js';

const deps = (seen: readonly ReturnType<typeof aReport>[]) => ({
  select: () => [aClient({ name: 'client1' }, { pool: 2 }), aService({ name: 'zeo', type: 'ZeoServer' })],
  lastSeen: { of: (name: string) => seen.find((report) => report.name === name), record: () => Promise.reject(new Error('not here')) },
  clock: fakeClock(9000),
});

describe('status', () => {
  it('tells what was last seen with the time of the measurement', () => {
    const seen = [aReport({ name: 'client1', at: 4000 }), aReport({ name: 'zeo', at: 5000 })];
    expect(status(deps(seen), { selectors: [] })).toEqual({ at: 9000, exit: 0, services: seen, warnings: [] });
  });

  it('calls a service that was never measured unknown, and not well', () => {
    const report = status(deps([aReport({ name: 'zeo' })]), { selectors: [] });
    expect(report.exit).toBe(5);
    expect(report.services[0]).toEqual({
      name: 'client1',
      type: 'ZeoClient',
      host: 'web1',
      pool: 2,
      state: 'unknown',
      balancer: 'unknown',
      at: null,
      tcp: null,
      http: null,
      memory: null,
      log: null,
      findings: [{ event: null, kind: 'unmeasured', message: 'client1 on web1: never measured', expected: null, got: null }],
    });
  });

  it('goes on telling a critical event until it is measured again', () => {
    const critical = aReport({ findings: [{ event: 3, kind: 'memory', message: 'm', expected: null, got: null }] });
    expect(status(deps([critical]), { selectors: [] }).exit).toBe(1);
  });
});
