import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openLastSeen } from '../../../../controller/actions/last-seen.js';
import { createHistory, type History } from '../../../../controller/history/history.js';
import { createCare, type CareDeps } from '../../../../controller/monitor/care.js';
import { AppError } from '../../../../shared/errors.js';
import { createLogger } from '../../../../shared/log.js';
import type { AgentEvent } from '../../../../shared/model/agent-event.js';
import type { ServiceReport } from '../../../../shared/model/check-report.js';
import type { IncidentChange } from '../../../../shared/model/incident.js';
import { aClient, aCluster, fakeClock, never } from '../checks/fixtures.js';
import { busy, down, failing, well } from '../incidents/reports.js';

const SERVICES = [aClient({ name: 'client1' }), aClient({ name: 'client2' })];
const BY_HAND = { path: '', by: 'hand', signal: never } as const;
const BY_MONITOR = { path: '', by: 'monitor', signal: never } as const;
const ENTRY: AgentEvent = {
  ...{ id: 'e1', at: 900, service: 'client1', kind: 'critical-entry', file: '/srv/zope/1/log/event.log' },
  entry: { time: '2026-11-13 13:00:00', level: 'ERROR', text: 'ERROR it broke' },
};

describe('what is seen of the cluster', () => {
  let folder: string;
  let history: History;
  let told: string[];
  let seen: readonly ServiceReport[];
  let working: Set<string>;
  let stopped: Set<string>;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'rounds-'));
    history = createHistory({ path: join(folder, 'history.db'), create: true });
    [told, seen, working, stopped] = [[], [], new Set(), new Set()];
  });
  afterEach(async () => {
    await history.close();
    await rm(folder, { recursive: true, force: true });
  });

  const notifier = {
    tell: async (changes: readonly IncidentChange[]) =>
      void told.push(...changes.map(({ type, incident }) => `${type} ${incident.service ?? ''} ${incident.event ?? incident.kind}`)),
  };
  async function care(over: Partial<CareDeps> = {}) {
    const lastSeen = await openLastSeen(join(folder, 'last-seen.json'));
    const made = createCare({
      config: () => aCluster(SERVICES),
      checks: { report: async () => [...seen] },
      operations: { working: () => working, stopped: async () => stopped },
      lastSeen,
      perf: { checked: async () => undefined },
      history,
      clock: fakeClock(1_000),
      log: createLogger({ name: 'test', level: 'silent' }),
      notifier,
      hosts: () => [],
      ...over,
    });
    return {
      lastSeen,
      measure: (...args: Parameters<typeof made.measure>) => made.measure(...args),
      hear: (...args: Parameters<typeof made.hear>) => made.hear(...args),
    };
  }

  it('by hand counts at once; by the monitor after as many rounds as it is told', async () => {
    const { measure } = await care();
    seen = [down()];
    await measure(SERVICES, BY_MONITOR);
    expect(told).toEqual([]);
    seen = [failing()];
    expect((await measure(SERVICES, BY_HAND)).lasting).toMatchObject([{ service: 'client1', event: 2 }]);
    expect(told).toEqual(['opened client1 2']);
  });

  it('of an agent is told by the monitor once it has missed three heartbeats in two rounds', async () => {
    let now = 0;
    const host = { host: 'web1', connected: false, lastSeen: null, version: null, skewMs: null };
    const gone = { ...host, host: 'no-longer-in-the-ini' };
    const { measure } = await care({ clock: { ...fakeClock(0), now: () => now }, hosts: () => [host, gone] });
    seen = [well()];
    for (const at of [0, 10_000, 15_000]) {
      now = at;
      await measure(SERVICES, BY_MONITOR);
    }
    await measure(SERVICES, BY_HAND);
    expect(told).toEqual([]);
    await measure(SERVICES, BY_MONITOR);
    expect(told).toEqual(['opened  unmeasured']);
  });

  it('is kept: for status, as a sample, and in the history', async () => {
    const { measure, lastSeen } = await care();
    seen = [down()];
    await measure(SERVICES, BY_HAND);
    expect(lastSeen.of('client1')).toMatchObject({ state: 'critical' });
    expect(await history.samples.series('client1', 0)).toMatchObject([
      { at: 1_000, state: 'critical', rssKb: 200_000, url: '/', httpMs: null },
    ]);
    expect(await history.incidents.list({ services: null, open: true, since: null })).toMatchObject([{ service: 'client1', event: 1 }]);
  });

  it('of a client that has been busy for too long is critical', async () => {
    const { measure, lastSeen } = await care();
    seen = [busy()];
    expect((await measure(SERVICES, BY_HAND)).reports).toMatchObject([{ state: 'busy', findings: [{ event: null }] }]);
    expect((await measure(SERVICES, BY_HAND)).reports).toMatchObject([{ state: 'critical', findings: [{ event: 5 }] }]);
    expect(lastSeen.of('client1')).toMatchObject({ state: 'critical' });
  });

  it('is no trouble while an operation works on it: at the beginning of the round, at its end, or all the time', async () => {
    const report = async () => {
      working = new Set(['client2']);
      return [down(), down({ name: 'client2' })];
    };
    working = new Set(['client1']);
    const { measure } = await care({ checks: { report } });
    const { silent } = await measure(SERVICES, BY_HAND);
    expect([told, silent]).toEqual([[], new Set(['client1', 'client2'])]);
  });

  it('is no trouble where it was stopped on purpose', async () => {
    stopped = new Set(['client1']);
    seen = [down({ state: 'stopped' })];
    await (await care()).measure(SERVICES, BY_HAND);
    expect(told).toEqual([]);
  });

  it('of another page says nothing of the home page, neither good nor bad', async () => {
    const { measure } = await care();
    seen = [failing()];
    await measure(SERVICES, { ...BY_HAND, path: 'slow' });
    expect(told).toEqual([]);
    await measure(SERVICES, BY_HAND);
    seen = [well()];
    await measure(SERVICES, { ...BY_HAND, path: 'fast' });
    expect(told).toEqual(['opened client1 2']);
    expect((await history.samples.series('client1', 0)).map(({ url }) => url)).toEqual(['/', '/fast', '/slow']);
  });

  it('is answered even if it cannot be kept, with the reason', async () => {
    const broken = () => Promise.reject(new AppError('failed', 'the history cannot be used: full'));
    const { measure } = await care({
      history: { ...history, incidents: { ...history.incidents, state: broken }, samples: { ...history.samples, add: broken } },
    });
    seen = [down()];
    expect(await measure(SERVICES, BY_HAND)).toMatchObject({
      reports: [{ state: 'critical' }],
      complaints: ['the history cannot be used: full'],
    });
  });

  it('is told by an agent at once, without waiting for a round', async () => {
    const { hear } = await care();
    await hear('web1', [ENTRY]);
    expect(told).toEqual(['opened client1 4']);
  });

  it('and told by an agent is no trouble while an operation works on it, and rejects if it cannot be kept', async () => {
    working = new Set(['client1']);
    await (await care()).hear('web1', [ENTRY]);
    expect(told).toEqual([]);
    const put = () => Promise.reject(new AppError('failed', 'full'));
    const { hear } = await care({ history: { ...history, incidents: { ...history.incidents, put } } });
    working = new Set();
    await expect(hear('web1', [ENTRY])).rejects.toMatchObject({ message: 'full' });
  });
});
