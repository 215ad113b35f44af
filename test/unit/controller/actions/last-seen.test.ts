import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openLastSeen } from '../../../../controller/actions/last-seen.js';
import { aReport } from './reports.js';

let folder = '';
let path = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'last-seen-'));
  path = join(folder, 'state', 'last-seen.json');
});
afterEach(async () => rm(folder, { recursive: true }));

const HINT = 'move the file away: only the last state of each service is lost, and the next check measures it again';

describe('openLastSeen', () => {
  it('knows nothing at a first start', async () => {
    expect((await openLastSeen(path)).of('client1')).toBeUndefined();
  });

  it('keeps the last report of each service over a restart', async () => {
    const lastSeen = await openLastSeen(path);
    await lastSeen.record([aReport({ name: 'a', at: 1 }), aReport({ name: 'b', at: 1 })]);
    await lastSeen.record([aReport({ name: 'a', at: 2 })]);
    const again = await openLastSeen(path);
    for (const store of [lastSeen, again]) {
      expect(store.of('a')).toEqual(aReport({ name: 'a', at: 2 }));
      expect(store.of('b')).toEqual(aReport({ name: 'b', at: 1 }));
    }
  });

  it('keeps what was not measured and what was found', async () => {
    const report = aReport({
      state: 'critical',
      balancer: 'dead',
      pool: null,
      tcp: { ok: false, why: 'refused' },
      http: { ok: false, why: 'status 500', status: 500 },
      memory: { ok: false, why: 'the agent is away' },
      log: null,
      findings: [{ event: 2, kind: 'http', message: 'm', expected: 'e', got: null }],
    });
    await (await openLastSeen(path)).record([report]);
    expect((await openLastSeen(path)).of('client1')).toEqual(report);
  });

  it('ends with the newest of several recordings that were not waited for', async () => {
    const lastSeen = await openLastSeen(path);
    await Promise.all([1, 2, 3, 4, 5].map((at) => lastSeen.record([aReport({ at })])));
    expect((await openLastSeen(path)).of('client1')?.at).toBe(5);
  });

  it.each(['', '{"schema":1,"services":[{"na', '[]', '{"schema":2,"services":[]}', '{"schema":1,"services":[{"name":"a"}]}'])(
    'refuses a file that holds %j, and leaves it as it is',
    async (text) => {
      await mkdir(join(folder, 'state'));
      await writeFile(path, text);
      await expect(openLastSeen(path)).rejects.toMatchObject({
        code: 'failed',
        message: `what was last seen can't be read from ${path}: it does not hold what ctl wrote`,
        hint: HINT,
      });
      expect(await readFile(path, 'utf8')).toBe(text);
    },
  );

  it('refuses what is no file', async () => {
    await mkdir(path, { recursive: true });
    await expect(openLastSeen(path)).rejects.toMatchObject({ code: 'failed', hint: HINT });
  });

  it('tells who records that it cannot be kept, and still knows it', async () => {
    const lastSeen = await openLastSeen(path);
    await writeFile(join(folder, 'state'), 'a file in the place of the folder');
    await expect(lastSeen.record([aReport({ at: 7 })])).rejects.toMatchObject({ code: 'failed' });
    expect(lastSeen.of('client1')?.at).toBe(7);
    await rm(join(folder, 'state'));
    await lastSeen.record([]);
    expect((await openLastSeen(path)).of('client1')?.at).toBe(7);
  });
});
