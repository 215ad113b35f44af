import { describe, expect, it } from 'vitest';
import { reportBalancers } from '../../../../controller/actions/balancer-report.js';
import type { Backend, BalancerState } from '../../../../shared/model/balancer.js';
import type { Hold } from '../../../../shared/model/balancer-report.js';
import type { Measured } from '../../../../shared/model/observation.js';
import { aClient, aCluster, aService } from '../checks/fixtures.js';

const spec = { kind: 'pound', conf: '', control: '', exe: '', apply: 'auto', sessions: 'delete' } as const;
const pound = (name: string) => aService({ name, type: 'Pound', balancer: spec, port: name.length }, { host: 'front' });
const c1 = aClient({ name: 'c1', ip: '10.0.0.1', port: 8081 });
const config = aCluster([pound('pound'), pound('pound2'), c1], { clients: [c1] });

const backend = (over: Partial<Backend> = {}): Backend => ({
  ...{ address: '10.0.0.1:8081', place: 'main/site', inFile: 'in', inRuntime: 'in', alive: true, sessions: 0, inFlight: null },
  ...over,
});
const state = (name: string, ...backends: Backend[]): [string, Measured<BalancerState>] => [
  name,
  { ok: true, name, driver: 'pound-control', version: '4.16', aliveIntervalS: 5, backends },
];
const report = (first: Backend[], second: Backend[] = [], holds: Hold[] = []) =>
  reportBalancers(config, new Map([state('pound', ...first), state('pound2', ...second)]), holds, 5_000);
const OUT = { inFile: 'out', inRuntime: 'out' } as const;
const hold: Hold = { service: 'c1', by: 'jane@desk', reason: 'memory', since: 0, until: null };

describe('what the balancers say', () => {
  it('has the names of cluster.ini, and who is held out', () => {
    const { balancers, exit, at } = report([backend(OUT), backend({ address: '10.0.0.9:80' })], [], [hold]);
    expect({ exit, at }).toEqual({ exit: 0, at: 5_000 });
    expect(balancers[0]).toMatchObject({ name: 'pound', host: 'front', driver: 'pound-control', version: '4.16', why: null });
    expect(balancers[0]?.backends.map(({ service, hold: by }) => [service, by])).toEqual([
      ['c1', hold],
      [null, null],
    ]);
  });

  it('is unknown of one that could not be asked, with the reason, and the exit code says so', () => {
    const states = new Map([state('pound', backend()), ['pound2', { ok: false, why: 'agent front is not connected' }] as const]);
    const { balancers, exit } = reportBalancers(config, states, [], 0);
    expect(exit).toBe(5);
    expect(balancers[1]).toEqual({
      name: 'pound2',
      host: 'front',
      driver: null,
      version: null,
      why: 'agent front is not connected',
      backends: [],
    });
  });

  it('agrees with itself where nothing is told', () => {
    expect(report([backend(), backend({ place: '-/all' })], [backend()]).drift).toEqual([]);
    expect(report([backend(OUT)], [backend(OUT)], [hold]).drift).toEqual([]);
    expect(report([backend({ inFile: 'unkept' })], [backend({ inFile: 'unkept' })]).drift).toEqual([]);
  });

  it.each<[Partial<Backend>, string]>([
    [{ inFile: 'in', inRuntime: 'out' }, 'is "in" by the file and "out" in the running balancer'],
    [{ inFile: 'out', inRuntime: 'in' }, 'is "out" by the file and "in" in the running balancer'],
    [{ inFile: 'absent' }, 'is not in the file, but in the running balancer'],
    [{ inRuntime: 'absent' }, 'is in the file, but not in the running balancer'],
    [{ inRuntime: 'unknown' }, 'is "in" by the file, which was changed after the balancer had started: what runs is not known'],
  ])('drifts: %j', (over, why) => {
    expect(report([backend(over)]).drift).toEqual([`pound: c1 (10.0.0.1:8081) in main/site ${why}`]);
  });

  it('drifts where one client is in here and out there, in one balancer or in two', () => {
    expect(report([backend(), backend({ place: '-/all', ...OUT })]).drift).toEqual([
      'c1 (10.0.0.1:8081) is in at pound main/site and out at pound -/all',
    ]);
    expect(report([backend()], [backend(OUT)]).drift).toEqual(['c1 (10.0.0.1:8081) is in at pound main/site and out at pound2 main/site']);
  });

  it('drifts where somebody let in whom another had taken out, as long as that lasts', () => {
    expect(report([backend()], [], [hold]).drift).toEqual(['c1 (10.0.0.1:8081) was taken out by jane@desk (memory), but pound has it in']);
    expect(report([backend()], [], [{ ...hold, until: 5_000 }]).drift).toEqual([]);
  });

  it('calls an address that no service has by itself', () => {
    expect(report([backend({ address: '10.0.0.9:80', inFile: 'out' })]).drift).toEqual([
      'pound: 10.0.0.9:80 in main/site is "out" by the file and "in" in the running balancer',
    ]);
  });
});
