import { mkdir, mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RotatedLog } from '../../../shared/model/rotation.js';
import { systemClock } from '../../../shared/ports/clock.js';
import { canCollapse } from '../../support/can-collapse.js';
import { account, startWriter, type NumberedWriter } from '../../support/numbered-lines.js';
import { NEVER, rotationOf, serviceOf, specOf } from '../../support/rotations.js';

let folder: string;
let log: string;
let archiveDir: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ctl-rotate-'));
  log = join(folder, 'log', 'event.log');
  archiveDir = join(folder, 'archive');
  await mkdir(join(folder, 'log'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const LOSSLESS = [
  { method: 'collapse', way: 'stays', type: 'ZeoClient' },
  { method: 'pause', way: 'stays', type: 'ZeoClient' },
  { method: 'signal', way: 'reopens', type: 'ZeoServer' },
  { method: 'rename', way: 'watches', type: 'ZeoClient' },
] as const;
const ROTATIONS = 8;
const RATE = 50_000;
const collapses = await canCollapse(tmpdir());

async function rotateUnder(
  writer: NumberedWriter,
  how: Pick<(typeof LOSSLESS)[number], 'type'> & { method: RotatedLog['method'] },
): Promise<RotatedLog[]> {
  const rotation = rotationOf({ stateDir: join(folder, 'state'), pid: writer.pid });
  const spec = specOf([log], archiveDir, { method: how.method ?? 'auto' });
  const done: RotatedLog[] = [];
  for (let round = 0; round < ROTATIONS; round++) {
    while ((await stat(log)).size < 200_000) await systemClock.sleep(5, NEVER);
    done.push(...(await rotation.rotate(serviceOf(how.type), spec, NEVER)).logs);
  }
  return done;
}

describe.each(LOSSLESS.filter(({ method }) => method !== 'collapse' || collapses))('rotation by $method', (how) => {
  it.each(['lines', 'entries'] as const)(
    'loses none of the %s of a live writer, doubles none, and leaves each whole in one file',
    async (form) => {
      await using writer = await startWriter(log, { rate: RATE, way: how.way, form });
      const done = await rotateUnder(writer, how);
      expect(done.map(({ outcome, method, why }) => ({ outcome, method, why }))).toEqual(
        Array.from({ length: ROTATIONS }, () => ({ outcome: 'rotated', method: how.method, why: null })),
      );
      const written = await writer.end();
      expect(await account(log, archiveDir, written, form)).toEqual({ written, lost: 0, doubled: 0, cut: 0 });
    },
  );

  it('says of each archive where it is and how much it holds, and never overwrites one', async () => {
    await using writer = await startWriter(log, { rate: RATE, way: how.way });
    const done = await rotateUnder(writer, how);
    await writer.end();
    const archives = done.map(({ archive }) => archive ?? '');
    expect(new Set(archives).size).toBe(ROTATIONS);
    for (const [index, { size }] of (await Promise.all(archives.map((path) => stat(path)))).entries()) {
      expect({ index, size }).toEqual({ index, size: done[index]?.bytes });
    }
    expect(archives.every((path) => /\/\d{4}\/\d{1,2}\/zeoclient1\.1-\d\d-\d\d-\d\d-\d\d-event\.log(\.\d+)?$/.test(path))).toBe(true);
  });

  it('leaves neither hidden files nor other names behind', async () => {
    await using writer = await startWriter(log, { rate: RATE, way: how.way });
    await rotateUnder(writer, how);
    await writer.end();
    expect(await readdir(join(folder, 'log'))).toEqual(['event.log']);
    expect((await readdir(archiveDir, { recursive: true })).filter((name) => name.includes('.part'))).toEqual([]);
    expect(await readdir(join(folder, 'state', 'rotations'))).toEqual([]);
  });
});

describe('rotation by copy, the last resort', () => {
  it('doubles nothing, and says for how long lines could be lost', async () => {
    await using writer = await startWriter(log, { rate: RATE });
    const done = await rotateUnder(writer, { method: 'copy', type: 'ZeoClient' });
    expect(done.every(({ outcome, windowMs }) => outcome === 'rotated' && windowMs !== null && windowMs > 0)).toBe(true);
    const written = await writer.end();
    expect(await account(log, archiveDir, written)).toMatchObject({ written, doubled: 0 });
  });
});

describe('a WSGI Zope, which USR2 would kill', () => {
  it('gets no signal, even where the method is signal; the log is as it was', async () => {
    await using writer = await startWriter(log, { rate: 1000 });
    const rotation = rotationOf({ stateDir: join(folder, 'state'), pid: writer.pid });
    const { logs } = await rotation.rotate(serviceOf('ZeoClient'), specOf([log], archiveDir, { method: 'signal' }), NEVER);
    expect(logs).toMatchObject([{ outcome: 'failed', archive: null }]);
    expect(logs[0]?.why).toBe(`signal: zeoclient1.1 (process ${writer.pid}) gets no signal: USR2 would kill it`);
    const written = await writer.end();
    expect(await account(log, join(folder, 'log', '..', 'archive'), written)).toEqual({ written, lost: 0, doubled: 0, cut: 0 });
  });
});
