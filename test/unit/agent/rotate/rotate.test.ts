import { chmod, mkdir, readdir, readFile, rm, stat, symlink, truncate, utimes, writeFile } from 'node:fs/promises';
import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { archiveName } from '../../../../agent/rotate/archive-name.js';
import { createJournal } from '../../../../agent/rotate/journal.js';
import { AppError } from '../../../../shared/errors.js';
import { identifyProcess } from '../../../../shared/ports/process-identity.js';
import { canCollapse } from '../../../support/can-collapse.js';
import { NEVER, rotationOf, serviceOf, specOf } from '../../../support/rotations.js';
import { CONTENT, oneLog, type OneLog } from './one-log.js';

let folder: string;
let log: string;
let archiveDir: string;
let rotation: OneLog['rotation'];
let rotate: OneLog['rotate'];
let archives: OneLog['archives'];
beforeEach(async () => {
  ({ folder, log, archiveDir, rotation, rotate, archives } = await oneLog());
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const collapses = await canCollapse(tmpdir());

describe('a rotation', () => {
  it('leaves alone what is empty, and says so of what is missing', async () => {
    await writeFile(log, '');
    const logs = [log, join(folder, 'log', 'Z2.log')];
    const result = await rotation().rotate(serviceOf('ZeoClient'), specOf(logs, archiveDir), NEVER);
    expect(result.logs.map(({ outcome, why }) => ({ outcome, why }))).toEqual([
      { outcome: 'left', why: 'it is empty' },
      { outcome: 'left', why: 'there is no such file' },
    ]);
  });

  it('does not keep other logs from it when one fails', async () => {
    await mkdir(log);
    const other = join(folder, 'log', 'Z2.log');
    await writeFile(other, CONTENT);
    const result = await rotation().rotate(serviceOf('ZeoClient'), specOf([log, other], archiveDir, { method: 'copy' }), NEVER);
    expect(result.logs).toMatchObject([{ outcome: 'left', why: 'it is not a file' }, { outcome: 'rotated' }]);
  });

  it('gives the archive mode and owner of the log', async () => {
    await writeFile(log, CONTENT);
    await chmod(log, 0o640);
    const { logs } = await rotate({ method: 'copy' });
    const [before, after] = [await stat(log), await stat(logs[0]?.archive ?? '')];
    expect({ mode: after.mode & 0o777, uid: after.uid, gid: after.gid }).toEqual({ mode: 0o640, uid: before.uid, gid: before.gid });
  });

  it('never overwrites an archive of the same name: the new one gets a number, in whatever form the old one is', async () => {
    const now = Date.now();
    const taken: string[] = [];
    for (let second = -1; second < 20; second++) {
      const { folder: month, file } = archiveName('zeoclient1.1', log, new Date(now + second * 1000));
      await mkdir(join(archiveDir, month), { recursive: true });
      taken.push(join(archiveDir, month, second % 2 === 0 ? file : `${file}.gz`));
    }
    for (const path of taken) await writeFile(path, 'of somebody else');
    await writeFile(log, CONTENT);
    const { logs } = await rotate({ method: 'copy' });
    expect(logs[0]?.archive).toMatch(/event\.log\.1$/);
    for (const path of taken) expect(await readFile(path, 'utf8')).toBe('of somebody else');
  });

  it('compresses after the cut, and what unpacks is the log', async () => {
    await writeFile(log, CONTENT);
    const { logs } = await rotate({ method: 'copy', compress: 'gzip' });
    expect(logs[0]?.archive).toMatch(/event\.log\.gz$/);
    expect(gunzipSync(await readFile(logs[0]?.archive ?? '')).toString()).toBe(CONTENT);
    expect(await archives()).toEqual([logs[0]?.archive]);
  });

  it('keeps the plain archive where it cannot be compressed, and says why', async () => {
    await writeFile(log, CONTENT);
    vi.stubEnv('PATH', folder);
    const { logs } = await rotate({ method: 'copy', compress: 'zstd' });
    vi.unstubAllEnvs();
    expect(logs).toMatchObject([{ outcome: 'rotated', why: 'the archive was not compressed: zstd: no such program' }]);
    expect(await readFile(logs[0]?.archive ?? '', 'utf8')).toBe(CONTENT);
  });

  it('leaves the log as it was where there is no room for the archive', async () => {
    await writeFile(log, CONTENT);
    // A hole costs nothing, but its archive would.
    await truncate(log, 8 * 1024 ** 4);
    const { shortage } = await rotation().plan(serviceOf('ZeoClient'), specOf([log], archiveDir, { method: 'copy' }), NEVER);
    expect(shortage).toMatch(/ MiB free, 8388\d+ MiB are needed$/);
    const { logs } = await rotate({ method: 'copy' });
    expect(logs).toMatchObject([{ outcome: 'failed', archive: null }]);
    expect(logs[0]?.why).toMatch(
      /^copy: .* MiB are needed: the log was left as it was \(make room there, or set archivedir to another disk\)$/,
    );
    expect((await stat(log)).size).toBe(8 * 1024 ** 4);
    expect(await archives()).toEqual([]);
  });

  it('removes archives that are older than they are kept, and nothing else', async () => {
    const old = join(archiveDir, '2020', '3');
    await mkdir(old, { recursive: true });
    const gone = ['zeoclient1.1-05-07-08-09-event.log', 'zeoclient1.1-05-07-08-09-event.log.1.gz'].map((name) => join(old, name));
    const stays = ['zeoclient1.2-05-07-08-09-event.log', 'zeoclient1.1-05-07-08-09-Z2.log', 'notes.txt', 'event.log'].map((name) =>
      join(old, name),
    );
    for (const path of [...gone, ...stays]) {
      await writeFile(path, 'x');
      await utimes(path, 0, 0);
    }
    await writeFile(log, CONTENT);
    const { logs, removed } = await rotate({ method: 'copy', keepDays: 30 });
    expect([...removed].sort()).toEqual(gone);
    expect((await archives()).sort()).toEqual([...stays, logs[0]?.archive].sort());
  });

  it('changes nothing when it is only planned', async () => {
    await writeFile(log, CONTENT);
    const { logs } = await rotation().plan(serviceOf('ZeoClient'), specOf([log], archiveDir, { method: 'copy' }), NEVER);
    expect(logs).toMatchObject([{ log, method: 'copy', sizeBytes: CONTENT.length }]);
    expect(dirname(logs[0]?.archive ?? '')).toMatch(/archive\/\d{4}\/\d{1,2}$/);
    expect(await readdir(folder)).toEqual(['log']);
    expect(await readFile(log, 'utf8')).toBe(CONTENT);
  });

  it('is refused without a place for archives', async () => {
    await expect(rotation().rotate(serviceOf('ZeoClient'), specOf([log], ''), NEVER)).rejects.toMatchObject({
      code: 'config',
      message: 'zeoclient1.1 has logs to rotate, but no archivedir',
    });
  });

  it('does not follow a link of archivedir to somewhere else', async () => {
    await writeFile(log, CONTENT);
    await mkdir(join(folder, 'elsewhere'));
    await mkdir(archiveDir);
    await symlink(join(folder, 'elsewhere'), join(archiveDir, String(new Date().getFullYear())));
    await expect(rotate()).rejects.toMatchObject({ code: 'denied' });
    expect(await readdir(join(folder, 'elsewhere'), { recursive: true })).not.toContain('event.log');
    expect(await readFile(log, 'utf8')).toBe(CONTENT);
  });

  it('does not cut a log that has become a link', async () => {
    const target = join(folder, 'target');
    await writeFile(target, CONTENT);
    await symlink(target, log);
    expect((await rotate({ method: 'copy' })).logs).toMatchObject([{ outcome: 'failed' }]);
    expect(await readFile(target, 'utf8')).toBe(CONTENT);
  });

  it('goes by the same log once at a time', async () => {
    await writeFile(log, CONTENT);
    const one = rotation();
    const spec = specOf([log], archiveDir, { method: 'copy' });
    const results = await Promise.all([one.rotate(serviceOf('ZeoClient'), spec, NEVER), one.rotate(serviceOf('ZeoClient'), spec, NEVER)]);
    expect(results.flatMap(({ logs }) => logs.map(({ outcome }) => outcome)).sort()).toEqual(['failed', 'rotated']);
    expect(await archives()).toHaveLength(1);
  });

  it('leaves a log alone that another living agent is rotating', async () => {
    await writeFile(log, CONTENT);
    const journal = createJournal(join(folder, 'state'));
    const owner = (await identifyProcess(process.ppid)) ?? '';
    const { dev, ino } = await stat(log, { bigint: true });
    const part = join(archiveDir, '.part');
    await journal.begin({
      ...{ log, service: 'zeoclient1.1', method: 'copy', owner, dev: String(dev), ino: String(ino), part, name: 'x', compress: 'none' },
      stage: { at: 'copying' },
    });
    const { logs, recovered } = await rotate({ method: 'copy' });
    expect(recovered).toEqual([]);
    expect(logs).toMatchObject([{ outcome: 'failed', why: `copy: ${log} is being rotated already` }]);
    expect(await readFile(log, 'utf8')).toBe(CONTENT);
  });

  it('is refused while a record of an earlier one cannot be read', async () => {
    await writeFile(log, CONTENT);
    const records = join(folder, 'state', 'rotations');
    await mkdir(records, { recursive: true });
    await writeFile(join(records, 'damaged.json'), '{"log":');
    await expect(rotate({ method: 'copy' })).rejects.toMatchObject({
      code: 'failed',
      message: `${join(records, 'damaged.json')} is damaged`,
    });
    expect(await readFile(log, 'utf8')).toBe(CONTENT);
  });

  it('ends early when it is not wanted any more, and the log is as it was', async () => {
    await writeFile(log, CONTENT);
    const abort = new AbortController();
    const stopping = rotationOf({
      ...{ stateDir: join(folder, 'state'), pid: null },
      onStep: (step) => {
        if (step === 'copy') abort.abort(new AppError('cancelled', 'enough'));
      },
    });
    const rotating = stopping.rotate(serviceOf('ZeoClient'), specOf([log], archiveDir, { method: 'copy' }), abort.signal);
    await expect(rotating).rejects.toMatchObject({ code: 'cancelled', message: 'enough' });
    expect(await readFile(log, 'utf8')).toBe(CONTENT);
    expect(await archives()).toEqual([]);
    expect(await readdir(join(folder, 'state', 'rotations'))).toEqual([]);
  });

  it('keeps what it archived when somebody else truncates the log meanwhile', async () => {
    await writeFile(log, CONTENT);
    const meddled = rotationOf({
      ...{ stateDir: join(folder, 'state'), pid: null },
      onStep: (step) => {
        if (step === 'truncating is written') void truncate(log, 0);
      },
    });
    const { logs } = await meddled.rotate(serviceOf('ZeoClient'), specOf([log], archiveDir, { method: 'copy' }), NEVER);
    const [archive = ''] = await archives();
    expect(logs).toHaveLength(1);
    expect(await readFile(archive, 'utf8')).toBe(CONTENT);
  });

  it.each([['copy', 'truncating'] as const, ...(collapses ? [['collapse', 'collapsing'] as const] : [])])(
    'takes nothing off (%s) that it has not archived, if somebody else has cut the log and it has grown again',
    async (method, stage) => {
      const news = CONTENT.replaceAll('line', 'news').repeat(2);
      await writeFile(log, CONTENT);
      const meddled = rotationOf({
        ...{ stateDir: join(folder, 'state'), pid: null },
        onStep: (step) => {
          if (step === `${stage} is written`) writeFileSync(log, news);
        },
      });
      const { logs } = await meddled.rotate(serviceOf('ZeoClient'), specOf([log], archiveDir, { method }), NEVER);
      expect(logs).toMatchObject([{ outcome: 'failed' }]);
      expect(logs[0]?.why).toContain('somebody else rotates it');
      expect(await readFile(log, 'utf8')).toBe(news);
      expect(await readdir(join(folder, 'state', 'rotations'))).toEqual([]);
    },
  );
});
