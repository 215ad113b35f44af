import { describe, expect, it } from 'vitest';
import { measureMemory } from '../../../../controller/actions/mem.js';
import type { AgentApi } from '../../../../shared/model/agent-api.js';
import { processId } from '../../../../shared/model/process.js';
import { aClient, aFleet, fakeClock, never } from '../checks/fixtures.js';

const QUERY = { selectors: [], tree: false, pss: false };
const process = processId(42, 7);
const used = (service: string, rssKb: number) => ({ service, ok: true, process, rssKb, uptimeS: 600, pss: null, tree: null }) as const;

function measuring(memories: AgentApi['memories'], growth: number | null = 120) {
  const services = ['c1', 'c2', 'c3'].map((name) =>
    aClient({ name }, { host: name === 'c3' ? 'web2' : 'web1', maxProcessSizeKb: 500_000 }),
  );
  const samples = { growthKbPerH: async () => growth };
  return measureMemory({ select: () => services, fleet: aFleet({ web1: { memories } }), samples, clock: fakeClock() }, QUERY, never);
}

describe('mem', () => {
  it('asks the agent of each host once, for all its services', async () => {
    const asked: (readonly string[])[] = [];
    const report = await measuring(async (services) => {
      asked.push(services);
      return services.map((service) => used(service, 300_000));
    });
    expect(asked).toEqual([['c1', 'c2']]);
    expect(report.services.map(({ report: one }) => [one.name, one.state])).toEqual([
      ['c1', 'ok'],
      ['c2', 'ok'],
      ['c3', 'unknown'],
    ]);
    expect(report.services[0]?.report.memory).toEqual({
      ...{ ok: true, rssKb: 300_000, limitKb: 500_000, process, uptimeS: 600, growthKbPerH: 120 },
    });
    expect(report.exit).toBe(5);
  });

  it('is critical over the limit, and a service that is down is stopped, not unknown', async () => {
    const report = await measuring(async () => [used('c1', 600_000), { service: 'c2', ok: false, why: 'exit code 1', down: true }]);
    expect(report.services.map(({ report: one }) => one.state)).toEqual(['critical', 'stopped', 'unknown']);
    expect(report.services[0]?.report.findings).toMatchObject([{ event: 3 }]);
    expect(report.exit).toBe(1);
  });

  it('tells a trend only where there is one', async () => {
    const report = await measuring(async (services) => services.map((service) => used(service, 1)), null);
    expect(report.services[0]?.report.memory).toMatchObject({ growthKbPerH: null });
  });

  it('tells what it measured without its history, and says so once', async () => {
    const services = ['c1', 'c2'].map((name) => aClient({ name }));
    const samples = { growthKbPerH: () => Promise.reject(new Error('history.db cannot be read')) };
    const fleet = aFleet({ web1: { memories: async (names) => names.map((name) => used(name, 1)) } });
    const report = await measureMemory({ select: () => services, fleet, samples, clock: fakeClock() }, QUERY, never);
    expect(report.warnings).toEqual(['history.db cannot be read']);
    expect(report.services.map(({ report: one }) => one.memory?.ok)).toEqual([true, true]);
  });
});
