import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { followLog } from '../../../agent/logs/follow.js';
import { followFile } from '../../../agent/logs/followed-file.js';
import { openLog } from '../../../agent/logs/log-file.js';
import { createLogSearch } from '../../../agent/logs/index.js';
import { loadRipgrep } from '../../../agent/logs/ripgrep.js';
import { AppError } from '../../../shared/errors.js';
import { systemClock } from '../../../shared/ports/clock.js';
import { canCollapse } from '../../support/can-collapse.js';
import { forPattern, targetOf } from '../../support/log-searches.js';
import { openRotatedLog, type RotatedLog, type Rotation } from './rotated-log.js';

let folder = '';
let path = '';
let notes: string[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'follow-'));
  path = join(folder, 'event.log');
  notes = [];
});
afterEach(() => rm(folder, { recursive: true, force: true }));

interface Watched {
  readonly texts: string[];
  /** Resolves when so many entries have been seen. */
  seen(count: number): Promise<void>;
  end(): Promise<void>;
}

async function watch(options: { offset?: number; exists?: boolean } = {}): Promise<Watched> {
  const abort = new AbortController();
  const texts: string[] = [];
  const waiting: { readonly count: number; readonly resolve: () => void }[] = [];
  const spec = { file: path, readyPattern: '', criticalPattern: '', ignorePattern: '' };
  const target = { service: 'zeoclient1.1', path, spec, archiveDir: '', allowed: (one: string) => Promise.resolve(one) };
  const start = {
    file: options.exists === false ? null : await followFile(await openLog(path), options.offset ?? 0),
    known: new Set<string>(),
    match: null,
    onNote: (note: string) => notes.push(note),
  };
  const found = followLog(target, start, { clock: systemClock, ripgrep: loadRipgrep, signal: abort.signal });
  const reading = (async () => {
    for await (const { entries } of found) {
      for (const entry of entries) if (entry.text().trim() !== '') texts.push(entry.text());
      for (const { count, resolve } of waiting) if (texts.length >= count) resolve();
    }
  })();
  return {
    texts,
    seen: (count) =>
      Promise.race([
        new Promise<void>((resolve) => {
          waiting.push({ count, resolve });
          if (texts.length >= count) resolve();
        }),
        reading,
      ]),
    async end() {
      abort.abort(new AppError('cancelled', 'enough'));
      await reading.catch((error: unknown) => expect(error).toMatchObject({ code: 'cancelled' }));
    },
  };
}

const dated = (n: number) => `2024-09-25 16:47:17,760 INFO [x] line ${n}\n`;
const plain = (n: number) => `line ${n}\n`;
const numbers = (texts: readonly string[]): number[] => texts.map((text) => Number(/line (\d+)$/.exec(text)?.[1]));

/** Writes all lines, rotating on the way; `leisurely`: each rotation is seen before the next one. */
async function writeRotating(
  log: RotatedLog,
  watched: Watched,
  { total, rotations }: { total: number; rotations: number },
  leisurely: boolean,
) {
  const batch = Math.floor(total / (rotations + 1));
  for (let n = 0; n <= rotations; n++) {
    for (let part = 0; part < 10; part++) {
      await log.write(batch / 10);
      await turn();
    }
    if (leisurely) await watched.seen(log.lines - 1);
    if (n < rotations) await log.rotate();
  }
}

describe('following a log of 100,000 numbered lines', () => {
  const kinds: Rotation[] = ['rename', 'rename-late', 'collapse', 'copytruncate', 'copytruncate-hole', 'recreate'];
  for (const kind of kinds) {
    for (const [form, lineOf] of [
      ['entries', dated],
      ['plain lines', plain],
    ] as const) {
      for (const leisurely of kind === 'recreate' ? [true] : [true, false]) {
        it(`shows each of its ${form} once across ${kind}${leisurely ? '' : ', also when it lags behind'}`, async (context) => {
          if (kind === 'collapse' && !(await canCollapse(folder))) {
            context.skip('this file system cannot take bytes from the beginning of a file');
          }
          await writeFile(path, '');
          const log = await openRotatedLog(path, kind, lineOf);
          const watched = await watch();
          try {
            await writeRotating(log, watched, { total: 100_000, rotations: leisurely ? 3 : 9 }, leisurely);
            await watched.seen(100_000);
            await log.raw('');
          } finally {
            await log.close();
            await watched.end();
          }
          const seen = numbers(watched.texts).sort((a, b) => a - b);
          expect(seen.length).toBe(100_000);
          expect(seen.every((number, at) => number === at)).toBe(true);
        });
      }
    }
  }
});

describe('followLog', () => {
  it('shows a line only when it is complete, and a traceback with its entry', async () => {
    await writeFile(path, 'old\n');
    const log = await openRotatedLog(path, 'rename', dated);
    const watched = await watch({ offset: 4 });
    await log.raw('2024-09-25 16:47:17,760 ERROR [x] Exc');
    await log.raw('eption\nTraceback (most recent call last):\n  File "x"\nValueError: no\n2024-09-25 16:47:18,000 INFO next\n');
    await watched.seen(2);
    await log.close();
    await watched.end();
    expect(watched.texts).toEqual([
      '2024-09-25 16:47:17,760 ERROR [x] Exception\nTraceback (most recent call last):\n  File "x"\nValueError: no',
      '2024-09-25 16:47:18,000 INFO next',
    ]);
  });

  it('waits for a log that is not there yet', async () => {
    const watched = await watch({ exists: false });
    const log = await openRotatedLog(path, 'rename', dated);
    await log.write(3);
    await watched.seen(3);
    await log.close();
    await watched.end();
    expect(numbers(watched.texts)).toEqual([0, 1, 2]);
  });

  it('goes on after the log was emptied, and says that something may be missing', async () => {
    await writeFile(path, '');
    const log = await openRotatedLog(path, 'rename', dated);
    const watched = await watch();
    await log.write(2);
    await watched.seen(2);
    await writeFile(path, '');
    await log.write(1);
    await watched.seen(3);
    await log.close();
    await watched.end();
    expect(numbers(watched.texts)).toEqual([0, 1, 2]);
    expect(notes).toEqual([`${path} was cut: what was written to it just before may be missing here`]);
  });

  it('says in the stream, before what comes next, that something may be missing', async () => {
    await writeFile(path, dated(0));
    const abort = new AbortController();
    const seen: string[] = [];
    for await (const part of createLogSearch({ clock: systemClock })(
      targetOf(path),
      { ...forPattern('line'), follow: true },
      abort.signal,
    )) {
      if (part.type === 'summary') throw new Error('following does not end by itself');
      seen.push(...(part.notes ?? []), ...part.entries.map(({ text }) => text.slice(-6)));
      if (seen.at(-1) === 'line 0') await writeFile(path, dated(1));
      if (seen.at(-1) === 'line 1') break;
    }
    abort.abort(new AppError('cancelled', 'enough'));
    expect(seen).toEqual(['line 0', `${path} was cut: what was written to it just before may be missing here`, 'line 1']);
  });

  it('goes on where the search of what was there ended, while the log is written and taken away', async () => {
    await writeFile(path, '');
    const log = await openRotatedLog(path, 'rename', dated);
    await log.write(20_000);
    const abort = new AbortController();
    const seen: number[] = [];
    const query = forPattern('line \\d+$', { follow: true });
    let enough: () => void = () => undefined;
    const done = new Promise<void>((resolve) => (enough = resolve));
    const reading = (async () => {
      for await (const part of createLogSearch({ clock: systemClock })(targetOf(path), query, abort.signal)) {
        if (part.type === 'entries') seen.push(...numbers(part.entries.map(({ text }) => text)));
        if (seen.length >= 50_000) enough();
      }
    })();
    for (let n = 0; n < 30; n++) {
      await log.write(1000);
      await turn();
      if (n % 10 === 9) await log.rotate();
    }
    await Promise.race([done, reading]);
    await log.close();
    abort.abort(new AppError('cancelled', 'enough'));
    await expect(reading).rejects.toMatchObject({ code: 'cancelled' });
    expect(seen.sort((a, b) => a - b)).toEqual(Array.from({ length: 50_000 }, (_, n) => n));
  });
});
