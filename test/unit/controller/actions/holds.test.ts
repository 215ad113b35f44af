import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { describeHold, isOver, openHolds } from '../../../../controller/actions/holds.js';
import type { Hold } from '../../../../shared/model/balancer-report.js';

const hold = (service: string, over: Partial<Hold> = {}): Hold => ({
  service,
  by: 'jane@desk',
  reason: null,
  since: 1_000,
  until: null,
  ...over,
});

describe('who is held out of the balancer', () => {
  let folder: string;
  let path: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ctl-holds-'));
    path = join(folder, 'state', 'holds.json');
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it('is kept over a restart of the controller', async () => {
    const holds = await openHolds(path);
    await holds.put([hold('c1', { reason: 'memory', until: 9_000 }), hold('c2')]);
    await holds.put([hold('c2', { by: 'joe@desk' })]);
    await holds.drop(['c3']);
    const again = await openHolds(path);
    expect(again.all()).toEqual([hold('c1', { reason: 'memory', until: 9_000 }), hold('c2', { by: 'joe@desk' })]);
    await again.drop(['c1']);
    expect((await openHolds(path)).all().map(({ service }) => service)).toEqual(['c2']);
    expect(again.of('c1')).toBeUndefined();
    expect(again.of('c2')?.by).toBe('joe@desk');
  });

  it('loses nobody when several are noted at once', async () => {
    const holds = await openHolds(path);
    await Promise.all(['a', 'b', 'c', 'd'].map((name) => holds.put([hold(name)])));
    expect((await openHolds(path)).all().map(({ service }) => service)).toEqual(['a', 'b', 'c', 'd']);
  });

  it('stands only when it is on the disk, and the next change starts from what stands', async () => {
    await writeFile(join(folder, 'state'), 'not a folder');
    const holds = await openHolds(join(folder, 'new', 'holds.json'));
    await writeFile(join(folder, 'new'), 'not a folder');
    await expect(holds.put([hold('c1')])).rejects.toMatchObject({
      code: 'failed',
      message: expect.stringContaining("can't be kept in") as string,
    });
    expect(holds.all()).toEqual([]);
    await rm(join(folder, 'new'));
    await holds.put([hold('c2')]);
    expect(JSON.parse(await readFile(join(folder, 'new', 'holds.json'), 'utf8'))).toEqual({ schema: 1, holds: [hold('c2')] });
  });

  it.each(['', '{}', '{"schema":1,"holds":[{"service":1}]}', 'null'])(
    'a file that holds %j is an error with advice, never an empty start',
    async (text) => {
      const file = join(folder, 'holds.json');
      await writeFile(file, text);
      await expect(openHolds(file)).rejects.toMatchObject({
        code: 'failed',
        message: `who is held out of the balancer can't be read from ${file}: it does not hold what ctl wrote`,
        hint: expect.stringContaining('move it away') as string,
      });
    },
  );

  it('is told with all that is known, and is over at its end', () => {
    expect(describeHold(hold('c1'))).toBe('was taken out by jane@desk');
    expect(describeHold(hold('c1', { reason: 'memory', until: Date.UTC(2024, 8, 25, 14) }))).toBe(
      'was taken out by jane@desk until 2024-09-25T14:00:00.000Z (memory)',
    );
    expect([isOver(hold('c1'), 1e15), isOver(hold('c1', { until: 10 }), 9), isOver(hold('c1', { until: 10 }), 10)]).toEqual([
      false,
      false,
      true,
    ]);
  });
});
