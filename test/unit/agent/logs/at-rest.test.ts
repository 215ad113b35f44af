import { appendFile, mkdtemp, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLogSearch, createSinceStart, rememberAtRest, type SearchedLog } from '../../../../agent/logs/index.js';
import { AppError } from '../../../../shared/errors.js';
import { systemClock } from '../../../../shared/ports/clock.js';

const { signal } = new AbortController();
const LINES = ['2024-10-11 16:00:00 INFO [x] Ready', '2024-10-11 16:01:00 ERROR [x] MemoryError', ''];

let folder = '';
let file = '';
let reads = 0;
let spec: SearchedLog['spec'];
let report = rememberAtRest(createSinceStart(createLogSearch({ clock: systemClock })));
let refused = false;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rest-'));
  file = join(folder, 'event.log');
  spec = { file, readyPattern: 'Ready$', criticalPattern: 'MemoryError', ignorePattern: '' };
  await writeFile(file, LINES.join('\n'));
  reads = 0;
  refused = false;
  const sinceStart = createSinceStart(createLogSearch({ clock: systemClock }));
  report = rememberAtRest((target, until) => {
    reads++;
    return sinceStart(target, until);
  });
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const allowed = (path: string) => (refused ? Promise.reject(new AppError('denied', 'agent.ini does not allow it')) : Promise.resolve(path));
const look = () => report({ service: 'c1', path: file, spec, archiveDir: '', allowed }, signal);
const append = (line: string) => appendFile(file, `${line}\n`);

describe('a log at rest', () => {
  it('is read once', async () => {
    const first = await look();
    expect(first).toMatchObject({ ok: true, since: '2024-10-11 16:00:00', findings: 1 });
    expect([await look(), await look(), reads]).toEqual([first, first, 1]);
  });

  it('is read again when something has been written to it', async () => {
    await look();
    await append('2024-10-11 16:02:00 ERROR [x] MemoryError');
    expect(await look()).toMatchObject({ findings: 2 });
    await append('2024-10-11 16:03:00 INFO [x] Ready');
    expect(await look()).toMatchObject({ since: '2024-10-11 16:03:00', findings: 0 });
  });

  it('is read again when another file of the same size and time stands in its place, or other bytes of the same number', async () => {
    await look();
    const { atime, mtime } = await stat(file);
    const other = LINES.join('\n').replace('MemoryError', 'Memory fine');
    await writeFile(`${file}.new`, other);
    await utimes(`${file}.new`, atime, mtime);
    await rename(`${file}.new`, file);
    expect(await look()).toMatchObject({ findings: 0 });
    await writeFile(file, LINES.join('\n'));
    await utimes(file, atime, mtime);
    expect(await look()).toMatchObject({ findings: 1 });
  });

  it('is read again for another question', async () => {
    await look();
    spec = { ...spec, criticalPattern: 'KeyError' };
    expect(await look()).toMatchObject({ findings: 0 });
  });

  it('is read again when it was written to while it was read', async () => {
    const sinceStart = createSinceStart(createLogSearch({ clock: systemClock }));
    report = rememberAtRest(async (target, until) => {
      const seen = await sinceStart(target, until);
      if (reads++ === 0) await append('2024-10-11 16:02:00 ERROR [x] MemoryError');
      return seen;
    });
    expect([await look(), await look()]).toMatchObject([{ findings: 1 }, { findings: 2 }]);
  });

  it('is read again while it has no start in it: the archives count as well', async () => {
    await writeFile(file, LINES.slice(1).join('\n'));
    await look();
    await writeFile(`${file}.1`, LINES.slice(0, 1).join('\n'));
    expect(await look()).toMatchObject({ since: '2024-10-11 16:00:00', findings: 1 });
  });

  it('says nothing of what it once knew when it is gone, or not allowed any more', async () => {
    await look();
    refused = true;
    await expect(look()).resolves.toMatchObject({ ok: false, why: expect.stringContaining('agent.ini does not allow it') as string });
    refused = false;
    await rm(file);
    expect(await look()).toMatchObject({ ok: false });
  });
});
