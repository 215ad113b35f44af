import { mkdtemp, readdir, readlink, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { followCriticalEntries } from '../../../agent/logs/critical-entries.js';
import { loadRipgrep } from '../../../agent/logs/ripgrep.js';
import { createWaker } from '../../../agent/logs/wake.js';
import { AppError } from '../../../shared/errors.js';
import { systemClock } from '../../../shared/ports/clock.js';
import { targetOf } from '../../support/log-searches.js';

let folder = '';
let path = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'open-files-'));
  path = join(folder, 'event.log');
  await writeFile(path, '2024-09-25 16:47:17,760 INFO [x] one\n');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** How often this process has the log open. */
async function timesOpen(): Promise<number> {
  const links = await Promise.all((await readdir('/proc/self/fd')).map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => '')));
  return links.filter((link) => link === path).length;
}

async function follow(signal: AbortSignal, from: { readonly offset: number } | null) {
  const place = from === null ? null : { dev: 0, ino: 0, mark: '', at: 0, ...from };
  const options = { from: place, waker: await createWaker(path), onNote: () => undefined };
  return { ...options, found: followCriticalEntries(targetOf(path), options, { clock: systemClock, ripgrep: loadRipgrep, signal }) };
}

describe.skipIf(process.platform !== 'linux')('a log that is not followed any more', () => {
  it('is closed when that ends before it has begun', async () => {
    const { found, waker } = await follow(new AbortController().signal, null);
    await found.next();
    expect(await timesOpen()).toBe(1);
    await found.return(undefined);
    expect(await timesOpen()).toBe(0);
    await waker.close();
  });

  it.each([[null], [{ offset: 0 }]])('is closed when it ends with the signal at any time (from %j)', async (from) => {
    const { found, waker } = await follow(AbortSignal.abort(new AppError('cancelled', 'enough')), from);
    await expect(
      (async () => {
        for await (const { place } of found) expect(place.offset).toBeGreaterThanOrEqual(0);
      })(),
    ).rejects.toMatchObject({ code: 'cancelled' });
    expect(await timesOpen()).toBe(0);
    await waker.close();
  });
});
