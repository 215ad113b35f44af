import { appendFile, copyFile, mkdtemp, readFile, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createLogSearch } from '../../../agent/logs/index.js';
import { AppError } from '../../../shared/errors.js';
import { systemClock } from '../../../shared/ports/clock.js';
import { canCollapse } from '../../support/can-collapse.js';
import { NEVER, rotationOf, serviceOf, specOf } from '../../support/rotations.js';
import { EVERYWHERE, targetOf } from '../../support/log-searches.js';

let folder = '';
let path = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'held-up-'));
  path = join(folder, 'event.log');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const LINES = 2000;
const ROTATIONS = 4;
const portion = (n: number) => Array.from({ length: LINES }, (_, i) => `2024-09-25 16:47:17,760 INFO [x] line ${n * LINES + i}\n`).join('');

const ALL = Array.from({ length: (ROTATIONS + 2) * LINES }, (_, n) => n);

/** Numbers of the lines that a reader is shown who, from the end of the first ones on, reads nothing until the log has been rotated several times. */
async function heldUp(rotate: (n: number) => Promise<void>, notes: string[] = []): Promise<number[]> {
  const abort = new AbortController();
  const target = targetOf(path, { archiveDir: join(folder, 'archive') });
  const shown: number[] = [];
  await writeFile(path, portion(0));
  const found = createLogSearch({ clock: systemClock })(target, { ...EVERYWHERE, follow: true }, abort.signal)[Symbol.asyncIterator]();
  while (!shown.includes(ALL.length - 1)) {
    const next = await found.next();
    if (next.done === true || next.value.type === 'summary') throw new Error('following does not end by itself');
    notes.push(...(next.value.notes ?? []));
    shown.push(...next.value.entries.map(({ text }) => Number(/line (\d+)$/.exec(text)?.[1])));
    if (shown.length !== LINES) continue;
    for (let n = 1; n <= ROTATIONS; n++) {
      await appendFile(path, portion(n));
      await rotate(n);
    }
    await appendFile(path, portion(ROTATIONS + 1));
  }
  const end = found.next();
  abort.abort(new AppError('cancelled', 'enough'));
  await expect(end).rejects.toMatchObject({ code: 'cancelled' });
  return shown.sort((a, b) => a - b);
}

async function pack(archive: string): Promise<void> {
  await writeFile(`${archive}.gz`, gzipSync(await readFile(archive)));
  await rm(archive);
}

it('shows each line once to a reader that was held up while archives were copied, cut and packed', async () => {
  const shown = await heldUp(async (n) => {
    await copyFile(path, `${path}-2024092${n}`);
    await truncate(path, 0);
    await pack(`${path}-2024092${n}`);
  });
  expect(shown).toEqual(ALL);
});

it.skipIf(!(await canCollapse(tmpdir())))('shows each line once to a reader that was held up while ctl rotated and packed', async () => {
  const rotation = rotationOf({ stateDir: join(folder, 'state'), pid: null });
  const shown = await heldUp(async () => {
    const { logs } = await rotation.rotate(
      serviceOf('ZeoClient'),
      specOf([path], join(folder, 'archive'), { method: 'collapse', compress: 'gzip' }),
      NEVER,
    );
    expect(logs).toMatchObject([{ outcome: 'rotated', method: 'collapse' }]);
  });
  expect(shown).toEqual(ALL);
});

it('tells a reader who was held up what was renamed and packed meanwhile, and of the others shows each line once', async () => {
  const notes: string[] = [];
  const shown = await heldUp(async (n) => {
    await rename(path, `${path}-2024092${n}`);
    await pack(`${path}-2024092${n}`);
    await writeFile(path, '');
  }, notes);
  expect(notes.sort()).toEqual(
    [2, 3, 4].map((n) => `${path}-2024092${n}.gz came, went and was packed before it could be read: it is missing here`),
  );
  expect(shown).toEqual(ALL.filter((number) => number < 2 * LINES || number >= 5 * LINES));
});
