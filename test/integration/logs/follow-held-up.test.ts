import { appendFile, copyFile, mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
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

/** Numbers of the lines that a reader is shown who, from the end of the first ones on, reads nothing until the log has been rotated several times. */
async function heldUp(rotate: (n: number) => Promise<void>): Promise<number[]> {
  const abort = new AbortController();
  const target = targetOf(path, { archiveDir: join(folder, 'archive') });
  const shown: number[] = [];
  await writeFile(path, portion(0));
  const found = createLogSearch({ clock: systemClock })(target, { ...EVERYWHERE, follow: true }, abort.signal)[Symbol.asyncIterator]();
  while (shown.length < (ROTATIONS + 1) * LINES) {
    const next = await found.next();
    if (next.done === true || next.value.type === 'summary') throw new Error('following does not end by itself');
    shown.push(...next.value.entries.map(({ text }) => Number(/line (\d+)$/.exec(text)?.[1])));
    if (shown.length !== LINES) continue;
    for (let n = 1; n <= ROTATIONS; n++) {
      await appendFile(path, portion(n));
      await rotate(n);
    }
  }
  const end = found.next();
  abort.abort(new AppError('cancelled', 'enough'));
  await expect(end).rejects.toMatchObject({ code: 'cancelled' });
  return shown.sort((a, b) => a - b);
}

const ALL = Array.from({ length: (ROTATIONS + 1) * LINES }, (_, n) => n);

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
