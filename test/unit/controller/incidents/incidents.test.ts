import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createHistory } from '../../../../controller/history/history.js';
import type { IncidentStore } from '../../../../controller/history/incidents.js';
import { openIncidents, type IncidentsDeps } from '../../../../controller/incidents/incidents.js';
import type { IncidentPolicy, Observation } from '../../../../controller/incidents/observation.js';
import { AppError } from '../../../../shared/errors.js';
import { createLogger } from '../../../../shared/log.js';
import type { ServiceReport } from '../../../../shared/model/check-report.js';
import type { IncidentChange } from '../../../../shared/model/incident.js';
import { complaining, down, late, well } from './reports.js';

const POLICY: IncidentPolicy = { failures: 2, recoveries: 1, busyRounds: 2 };
const round = (...reports: ServiceReport[]): Observation => ({
  type: 'round',
  reports,
  silent: new Set(),
  services: new Set(['client1', 'client2']),
  dark: null,
});
const everything = { services: null, open: false, since: null };

describe('the trouble of a cluster', () => {
  let path: string;
  let folder: string;
  let told: string[][];
  let lines: string[];
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'incidents-'));
    path = join(folder, 'history.db');
    told = [];
    lines = [];
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  const tell = async (changes: readonly IncidentChange[]) => {
    told.push(changes.map(({ type, incident }) => `${type} ${incident.service ?? ''} ${incident.event ?? incident.kind}`));
  };
  /** As a controller that starts: the one before is gone, and left nothing but its file. */
  const start = async (over: Partial<IncidentsDeps> = {}) => {
    const history = createHistory({ path, create: true });
    const incidents = await openIncidents({
      history,
      clock: { now: () => 1_000, sleep: () => Promise.reject(new Error('not here')) },
      log: createLogger({ name: 'test', level: 'info', write: (line) => void lines.push(line) }),
      notifier: () => ({ tell }),
      ...over,
    });
    return { history, incidents, see: (...reports: ServiceReport[]) => incidents.observe(round(...reports), POLICY) };
  };

  it('is told once, all of a round together, and kept', async () => {
    const { incidents, see } = await start();
    await see(down(), down({ name: 'client2' }));
    await see(down(), down({ name: 'client2' }));
    expect(told).toEqual([['opened client1 1', 'opened client2 1']]);
    await see(well(), well({ name: 'client2' }));
    expect(told[1]).toEqual(['ended client1 1', 'ended client2 1']);
    expect(await incidents.list(everything)).toMatchObject([{ service: 'client1', count: 2, ended: 1_000 }, { service: 'client2' }]);
    expect(incidents.lasting()).toEqual([]);
  });

  it('is not told again by a controller that starts: it knows what lasts', async () => {
    const first = await start();
    await first.see(complaining());
    await first.history.close();
    const { incidents, see } = await start();
    expect(incidents.lasting()).toMatchObject([{ service: 'client1', event: 4 }]);
    await see(complaining());
    expect(told).toEqual([['opened client1 4'], ['changed client1 4']]);
  });

  it('counts bad rounds over a restart of the controller', async () => {
    const first = await start();
    await first.see(down());
    await first.history.close();
    await (await start()).see(down());
    expect(told).toEqual([['opened client1 1']]);
  });

  it('is told by the next controller if this one could not, in the order in which it happened', async () => {
    const full = () => ({ tell: () => Promise.reject(new AppError('failed', 'the disk is full')) });
    const first = await start({ notifier: full });
    await first.see(complaining());
    await first.see(complaining(), late());
    await first.history.close();
    expect(lines.join('')).toContain('could not be told (the disk is full); with the next round again');
    await start();
    expect(told).toEqual([['opened client1 4', 'changed client1 4']]);
    told = [];
    await start();
    expect(told).toEqual([]);
  });

  it('is kept and told to nobody where nobody mails', async () => {
    const { incidents, see } = await start({ notifier: () => null });
    await see(complaining());
    expect(await incidents.list(everything)).toMatchObject([{ service: 'client1', event: 4, ended: null }]);
    await start();
    expect(told).toEqual([]);
  });

  it('is as it was if it cannot be kept, so that the next round finds it anew', async () => {
    const history = createHistory({ path, create: true });
    let full = true;
    const put: IncidentStore['put'] = (record) =>
      full ? Promise.reject(new AppError('failed', 'the disk is full')) : history.incidents.put(record);
    const { incidents, see } = await start({ history: { incidents: { ...history.incidents, put } } });
    await expect(see(complaining())).rejects.toMatchObject({ message: 'the disk is full' });
    expect([incidents.lasting(), told]).toEqual([[], []]);
    full = false;
    await see(complaining());
    expect(told).toEqual([['opened client1 4']]);
  });

  it('is in the log of the controller, its beginning as an error and its end', async () => {
    const { see } = await start();
    await see(complaining());
    await see(complaining());
    await see(well({ log: { ok: true, since: '2026-11-14 00:00:00', findings: 0 } }));
    expect(lines.map((line) => JSON.parse(line) as object)).toMatchObject([
      {
        level: 'error',
        event: 4,
        service: 'client1',
        msg: expect.stringContaining('trouble: client1 on web1: 1 critical entry') as string,
      },
      { level: 'info', event: 4, msg: expect.stringContaining('(started anew, and its log is clean)') as string },
    ]);
  });

  it('that this version cannot read is an error with advice', async () => {
    const { history } = await start();
    await history.incidents.put({ changes: [], state: '{"opened":"many"}' });
    await expect(start()).rejects.toMatchObject({
      code: 'failed',
      message: expect.stringContaining('the history holds lasting incidents that this version cannot read') as string,
      hint: 'move history.db in the state_dir away: the past events are lost then, and lasting ones are told again',
    });
  });
});
