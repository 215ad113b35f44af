import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createHistory } from '../../../../controller/history/history.js';
import type { Sample } from '../../../../controller/history/samples.js';
import type { Incident } from '../../../../shared/model/incident.js';
import { processId } from '../../../../shared/model/process.js';

const MONDAY = 1_767_000_000_000.5;

const incident = (fields: Partial<Incident> = {}): Incident => ({
  id: 'i1',
  service: 'client1',
  host: 'web1',
  event: 4,
  kind: 'log',
  message: 'client1 on web1: a critical entry',
  expected: 'none',
  got: null,
  logEntry: '2026-11-13 12:06:07 ERROR Zope it’s broken',
  first: MONDAY,
  last: MONDAY + 5,
  count: 2,
  ended: null,
  action: null,
  ...fields,
});

const sample = (fields: Partial<Sample> = {}): Sample => ({
  service: 'client1',
  at: MONDAY,
  state: 'ok',
  process: processId(42, 4711),
  rssKb: 204_800,
  tcpMs: 0.4,
  url: '/',
  httpStatus: 200,
  httpMs: 84.25,
  ...fields,
});

const put = (one: Incident, state = '{}') => ({
  changes: [{ type: 'changed' as const, incident: one, reason: 'seen' }],
  state,
});
const everything = { services: null, open: false, since: null };

describe('the history', () => {
  let folder: string;
  let path: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'history-'));
    path = join(folder, 'state', 'history.db');
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  const opened = (create = true) => createHistory({ path, create });

  it('is for its user alone: what stands in logs stands in it', async () => {
    const history = opened();
    await history.incidents.put(put(incident()));
    const files = await readdir(dirname(path));
    for (const file of files) expect([file, (await stat(join(dirname(path), file))).mode & 0o777]).toEqual([file, 0o600]);
    expect(files).toContain('history.db');
    await history.close();
  });

  it('keeps incidents over a restart, each as it was last written', async () => {
    const first = opened();
    await first.incidents.put(put(incident()));
    await first.incidents.put(put(incident({ ended: MONDAY + 9, count: 3, action: 'restarted' }), '{"round":2}'));
    await first.close();
    const again = opened();
    expect(await again.incidents.list(everything)).toEqual([incident({ ended: MONDAY + 9, count: 3, action: 'restarted' })]);
    expect(await again.incidents.state()).toBe('{"round":2}');
    await again.close();
  });

  it('lists the chosen services, those that last, and those seen since a moment', async () => {
    const history = opened();
    const ended = incident({ id: 'old', service: 'client2', first: MONDAY - 100, last: MONDAY - 50, ended: MONDAY - 50 });
    const lasting = incident({ id: 'lasting', first: MONDAY - 90, last: MONDAY - 80 });
    const ofNobody = incident({
      id: 'roll',
      service: null,
      host: null,
      kind: 'roll',
      event: null,
      first: MONDAY,
      last: MONDAY,
      ended: MONDAY,
    });
    for (const one of [ended, lasting, ofNobody]) await history.incidents.put(put(one));
    const ids = async (query: object) => (await history.incidents.list({ ...everything, ...query })).map(({ id }) => id);
    expect(await ids({})).toEqual(['old', 'lasting', 'roll']);
    expect(await ids({ open: true })).toEqual(['lasting']);
    expect(await ids({ since: MONDAY - 10 })).toEqual(['lasting', 'roll']);
    expect(await ids({ services: ['client2'] })).toEqual(['old']);
    await history.close();
  });

  it('keeps what was not told yet, in its order, until it is told', async () => {
    const first = opened();
    await first.incidents.put(put(incident()));
    await first.incidents.put(put(incident({ id: 'i2' })));
    await first.close();
    const again = opened();
    const untold = await again.incidents.untold();
    expect(untold.map(({ change }) => change.incident.id)).toEqual(['i1', 'i2']);
    if (untold[0] !== undefined) await again.incidents.told(untold[0]);
    expect((await again.incidents.untold()).map(({ change }) => change.incident)).toEqual([incident({ id: 'i2' })]);
    await again.close();
  });

  it('answers the samples of a service since a moment, oldest first, with nothing made up for what was not measured', async () => {
    const history = opened();
    const unknown = sample({
      at: MONDAY + 60_000,
      state: 'unknown',
      process: null,
      rssKb: null,
      tcpMs: null,
      url: null,
      httpStatus: null,
      httpMs: null,
    });
    await history.samples.add([unknown, sample(), sample({ service: 'client2' }), sample({ at: MONDAY - 1 })]);
    expect(await history.samples.series('client1', MONDAY)).toEqual([sample(), unknown]);
    await history.close();
  });

  it('forgets what is older than a moment, but nothing that lasts', async () => {
    const history = opened();
    await history.incidents.put(put(incident({ id: 'ended', ended: MONDAY })));
    await history.incidents.put(put(incident({ id: 'lasting' })));
    await history.samples.add([sample(), sample({ at: MONDAY + 20 })]);
    await history.prune(MONDAY + 10);
    expect((await history.incidents.list(everything)).map(({ id }) => id)).toEqual(['lasting']);
    expect((await history.samples.series('client1', 0)).map(({ at }) => at)).toEqual([MONDAY + 20]);
    await history.close();
  });

  it('makes no file for somebody who only reads: nothing is on record', async () => {
    const reader = opened(false);
    expect(await reader.incidents.list(everything)).toEqual([]);
    expect(await reader.samples.series('client1', 0)).toEqual([]);
    await reader.close();
    const writer = opened();
    await writer.incidents.put(put(incident()));
    const other = opened(false);
    expect(await other.incidents.list(everything)).toEqual([incident()]);
    await Promise.all([other.close(), writer.close()]);
  });

  const hint = () =>
    `move ${path} and the files beside it (-wal, -shm) away: the past events are lost then, and lasting ones are told again`;

  it('says of a file that is no database what to do, and leaves it as it is', async () => {
    path = join(folder, 'broken.db');
    await writeFile(path, 'no database at all, but long enough to look for one\n'.repeat(100));
    await expect(opened().incidents.state()).rejects.toMatchObject({
      code: 'failed',
      message: `the history ${path} cannot be read: file is not a database`,
      hint: hint(),
    });
  });

  it('takes an emptied file for a damaged one, never for a first start', async () => {
    path = join(folder, 'empty.db');
    await writeFile(path, '');
    await expect(opened().incidents.state()).rejects.toMatchObject({
      message: `the history ${path} cannot be read: it is empty`,
      hint: hint(),
    });
  });

  it('has every sample that it said was kept when the process is killed', async () => {
    const script = `
      import { createHistory } from './controller/history/history.ts';
      const history = createHistory({ path: process.argv[1], create: true });
      for (let at = 1; ; at++) {
        await history.samples.add([{ service: 's', at, state: 'ok', process: null, rssKb: at, tcpMs: null, url: null, httpStatus: null, httpMs: null }]);
        process.stdout.write(at + '\\n');
      }`;
    const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script, path], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let told = '';
    const exited = once(child, 'exit');
    try {
      for await (const chunk of child.stdout) {
        told += String(chunk);
        if (told.length > 200) break;
      }
    } finally {
      child.kill('SIGKILL');
      await exited;
    }
    const last = Number(told.slice(0, told.lastIndexOf('\n')).split('\n').at(-1));
    const kept = (await opened().samples.series('s', 0)).map(({ at }) => at);
    expect(last).toBeGreaterThan(10);
    expect(kept.slice(0, last)).toEqual(Array.from({ length: last }, (_, i) => i + 1));
  });
});
