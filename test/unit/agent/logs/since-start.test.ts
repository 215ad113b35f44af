import { mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findLastLine } from '../../../../agent/logs/backwards.js';
import { createLogSearch, createSinceStart } from '../../../../agent/logs/index.js';
import { systemClock } from '../../../../shared/ports/clock.js';
import { runs } from '../../../support/runs.js';

const READY = String.raw`^\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:,\d{3})? INFO\s+(?:Zope |\[Zope:\d+\]\[[^\]]+\] )Ready to handle requests\s*$`;
const { signal } = new AbortController();
let folder = '';
let file = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'log-'));
  file = join(folder, 'event.log');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const sinceStart = createSinceStart(createLogSearch({ clock: systemClock }));
const read = (more: object = {}, until = signal) => {
  const spec = { file, readyPattern: READY, criticalPattern: 'ConflictError|MemoryError', ignorePattern: '', ...more };
  return sinceStart({ service: 'zeoclient1.1', path: spec.file, spec, archiveDir: '', allowed: (path) => Promise.resolve(path) }, until);
};
const report = async (more: object = {}) => {
  const seen = await read(more);
  return seen.ok ? seen : expect.fail(seen.why);
};

describe('what a log says since the last start', () => {
  it('counts what happened after the last start, and nothing before it', async () => {
    await writeFile(
      file,
      [
        '2024-10-11 16:00:00 ERROR [x] MemoryError',
        '2024-10-11 16:12:50 INFO [Zope:42][MainThread] Ready to handle requests',
        '2024-10-11 16:13:00 ERROR [y] Exception',
        'Traceback (most recent call last):',
        'ZODB.POSException.ConflictError: x',
        'ConflictError again',
        '2024-10-11 16:14:00 INFO [z] last',
        '',
      ].join('\n'),
    );
    expect(await read()).toEqual({
      ok: true,
      since: '2024-10-11 16:12:50',
      findings: 1,
      entries: [
        {
          time: '2024-10-11 16:13:00',
          level: 'ERROR',
          text: '2024-10-11 16:13:00 ERROR [y] Exception\nTraceback (most recent call last):\nZODB.POSException.ConflictError: x\nConflictError again',
        },
      ],
      last: { time: '2024-10-11 16:14:00', level: 'INFO', text: '2024-10-11 16:14:00 INFO [z] last' },
    });
  });

  it.each([
    '2024-09-25 16:47:17,760 INFO    [Zope:42][MainThread] Ready to handle requests',
    '2024-10-11 16:12:50 INFO [Zope:42][MainThread] Ready to handle requests\r',
    '------\n2011-11-13T12:06:07 INFO Zope Ready to handle requests',
    '2011-11-13 12:06:07 INFO Zope Ready to handle requests',
  ])('knows the marker %j', async (marker) => {
    await writeFile(file, `2001-01-01 00:00:00 ERROR MemoryError\n${marker}\n`);
    expect(await report()).toMatchObject({ findings: 0, since: expect.stringMatching(/^20[12]/) as string });
  });

  it('reads all of a log without a marker, and says so', async () => {
    await writeFile(file, '2024-10-11 16:00:00 ERROR [x] MemoryError\n');
    expect(await report()).toMatchObject({ since: null, findings: 1 });
  });

  it('says of an empty log that nothing is in it', async () => {
    await writeFile(file, '');
    expect(await read()).toEqual({ ok: true, since: null, findings: 0, entries: [], last: null });
  });

  it('leaves out entries that are to be ignored', async () => {
    await writeFile(file, '2024-10-11 16:00:00 ERROR MemoryError\nharmless\n2024-10-11 16:00:01 ERROR MemoryError\n');
    expect(await report({ ignorePattern: 'harmless' })).toMatchObject({ findings: 1 });
  });

  it('keeps the ten newest findings, oldest first', async () => {
    await writeFile(file, Array.from({ length: 25 }, (_, n) => `2024-10-11 16:00:${n + 10} ERROR MemoryError\n`).join(''));
    const { findings, entries } = await report();
    expect([findings, entries.length, entries[0]?.time, entries[9]?.time]).toEqual([25, 10, '2024-10-11 16:00:25', '2024-10-11 16:00:34']);
  });

  it('finds the marker at the end of a log of ten gigabytes without reading it all', async () => {
    const handle = await open(file, 'w');
    await handle.truncate(10 * 1024 ** 3);
    await handle.write('\n2024-10-11 16:12:50 INFO [Zope:42][MainThread] Ready to handle requests\nMemoryError\n', 10 * 1024 ** 3);
    await handle.close();
    expect(await report()).toMatchObject({ since: '2024-10-11 16:12:50', findings: 1 });
  });

  it('survives lines of a megabyte and binary data', async () => {
    const junk = Buffer.alloc(1024 * 1024, 0xff);
    await writeFile(
      file,
      Buffer.concat([
        junk,
        Buffer.from('\n2024-10-11 16:12:50 INFO Zope Ready to handle requests\n'),
        junk,
        Buffer.from('\n2024-10-11 16:12:51 ERROR MemoryError\n'),
        junk,
      ]),
    );
    expect(await report()).toMatchObject({ since: '2024-10-11 16:12:50', findings: 1 });
  });

  it('measures nothing of a log that is not there', async () => {
    expect(await read()).toEqual({ ok: false, why: `log ${file} cannot be read: ENOENT: no such file or directory, open '${file}'` });
  });

  it('measures nothing of a folder', async () => {
    expect(await read({ file: folder })).toEqual({ ok: false, why: `log ${folder} cannot be read: ${folder} is not a file` });
  });

  it('measures nothing with a pattern that is none', async () => {
    await writeFile(file, '');
    expect(await read({ criticalPattern: '(' })).toEqual({
      ok: false,
      why: `log ${file} cannot be read: a pattern of cluster.ini is none: Invalid regular expression: /(/: Unterminated group`,
    });
  });

  it('gives up when nobody waits any more', async () => {
    await writeFile(file, 'x\n');
    await expect(read({}, AbortSignal.abort())).rejects.toMatchObject({ code: 'cancelled' });
  });
});

describe('findLastLine', () => {
  it('finds the same line as a reader from the front, with chunks of any size', async () => {
    const line = fc.constantFrom('x', 'yy', '', 'hit', 'hit\r', 'not a hit', 'z'.repeat(50));
    await fc.assert(
      fc.asyncProperty(fc.array(line, { maxLength: 20 }), fc.boolean(), fc.integer({ min: 1, max: 40 }), async (lines, ended, chunk) => {
        const text = lines.join('\n') + (ended ? '\n' : '');
        await writeFile(file, text);
        let expected: number | null = null;
        let at = 0;
        for (const each of text.split('\n')) {
          if (each.replace('\r', '') === 'hit') expected = at;
          at += each.length + 1;
        }
        const handle = await open(file, 'r');
        try {
          expect(await findLastLine(handle, Buffer.byteLength(text), (one) => one === 'hit', signal, { chunkBytes: chunk })).toBe(expected);
        } finally {
          await handle.close();
        }
      }),
      { numRuns: runs(200) },
    );
  });
});
