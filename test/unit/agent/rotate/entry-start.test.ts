import { mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findLastBoundary, lastEntryStart } from '../../../../agent/rotate/entry-start.js';

const ENTRY = '2024-09-25 16:47:17,760 ERROR [Zope:42][waitress-0] no\nTraceback (most recent call last):\n  ValueError: no\n';
const ZOPE2 = '------\n2011-11-13T12:06:07 ERROR SiteError no\nTraceback:\n';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ctl-boundary-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function boundaryOf(content: string): Promise<number | null> {
  const path = join(folder, 'log');
  await writeFile(path, content);
  const file = await open(path);
  try {
    return await findLastBoundary(file, Buffer.byteLength(content));
  } finally {
    await file.close();
  }
}

describe('where a log can be cut', () => {
  it('is before its last entry, which may not be whole yet', async () => {
    expect(await boundaryOf(ENTRY + ENTRY)).toBe(ENTRY.length);
    expect(await boundaryOf(`${ENTRY}2024-09-25 16:47:17,760 ERR`)).toBe(ENTRY.length);
    expect(await boundaryOf(`${ENTRY}2024-09-2`)).toBe(0);
  });

  it('is before the line of dashes that Zope 2 puts before an entry', async () => {
    expect(await boundaryOf(ZOPE2 + ZOPE2)).toBe(ZOPE2.length);
  });

  it('is after the last whole line of a log without time stamps', async () => {
    expect(await boundaryOf('one\ntwo\nthr')).toBe(8);
    expect(await boundaryOf('one\ntwo\n')).toBe(8);
  });

  it('is nowhere in one line without an end', async () => {
    expect(await boundaryOf('x'.repeat(1000))).toBeNull();
  });

  it('is found before an entry longer than what is read at first', async () => {
    const long = `${ENTRY}${'  a line of a long traceback\n'.repeat(8000)}`;
    expect(await boundaryOf(ENTRY + long)).toBe(ENTRY.length);
  });

  it('is a line in the middle of an entry that is longer than what is read at all', async () => {
    const line = '  a line of an endless traceback\n';
    const content = ENTRY + line.repeat(Math.ceil((5 * 1024 * 1024) / line.length));
    expect(await boundaryOf(content)).toBe(content.length);
  });

  it('does not take a time stamp in the middle of a line for an entry', () => {
    expect(lastEntryStart(Buffer.from('2024-09-25 16:47:17 half a line'), false)).toBeNull();
    expect(lastEntryStart(Buffer.from('see 2024-09-25 16:47:17\n'), true)).toBeNull();
  });

  it('leaves whole entries on both sides, wherever the bytes end', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(ENTRY, ZOPE2), { minLength: 1, maxLength: 6 }), fc.nat({ max: 200 }), (entries, missing) => {
        const whole = entries.join('');
        const bytes = Buffer.from(whole.slice(0, Math.max(1, whole.length - missing)));
        const boundary = lastEntryStart(bytes, true);
        const starts = entries.map((_, index) => entries.slice(0, index).join('').length);
        return boundary === null ? bytes.length < 30 : starts.includes(boundary);
      }),
    );
  });
});
