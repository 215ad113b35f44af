import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createEntrySplitter, parseHeader, type RawEntry } from '../../../../agent/logs/entries.js';

const split = (chunks: readonly Buffer[]): RawEntry[] => {
  const entries: RawEntry[] = [];
  const test = { critical: (line: string) => line.includes('Error'), ignored: (line: string) => line.includes('Harmless') };
  const splitter = createEntrySplitter(test, (entry) => entries.push(entry));
  // One buffer, used again for each chunk, as the reader does.
  const buffer = Buffer.alloc(Math.max(0, ...chunks.map((chunk) => chunk.length)));
  for (const chunk of chunks) splitter.push(buffer.subarray(0, chunk.copy(buffer)));
  splitter.end();
  return entries;
};
const texts = (text: string) => split([Buffer.from(text)]).map(({ entry }) => entry.text);

describe('entries', () => {
  it('takes a traceback as a part of its entry', () => {
    const traceback =
      '2024-09-25 16:47:17,760 ERROR   [Zope:42][waitress] Exception\nTraceback (most recent call last):\n  File "x"\nValueError: no';
    expect(split([Buffer.from(`${traceback}\n2024-09-25 16:47:18,000 INFO    [Zope:42] fine\n`)])).toEqual([
      { entry: { time: '2024-09-25 16:47:17,760', level: 'ERROR', text: traceback }, critical: true, ignored: false },
      {
        entry: { time: '2024-09-25 16:47:18,000', level: 'INFO', text: '2024-09-25 16:47:18,000 INFO    [Zope:42] fine' },
        critical: false,
        ignored: false,
      },
    ]);
  });

  it('takes six dashes before an entry for a separator, and others for text', () => {
    const text =
      '------\n2011-11-13T12:06:07 INFO Zope one\nat\n------\nin the middle\n------\n2011-11-13T12:06:08 INFO Zope two\n------\n';
    expect(texts(text)).toEqual([
      '2011-11-13T12:06:07 INFO Zope one\nat\n------\nin the middle',
      '2011-11-13T12:06:08 INFO Zope two\n------',
    ]);
  });

  it('takes what stands before the first time stamp for an entry without time', () => {
    expect(split([Buffer.from('  File "y"\nKeyError\n2024-01-01 00:00:00 INFO x\n')])[0]).toEqual({
      entry: { time: null, level: null, text: '  File "y"\nKeyError' },
      critical: true,
      ignored: false,
    });
  });

  it('notes what is to be ignored anywhere in the entry', () => {
    expect(split([Buffer.from('2024-01-01 00:00:00 ERROR x\nError\nHarmless\n')])[0]).toMatchObject({ critical: true, ignored: true });
  });

  it('caps the text of an entry, and still reads what follows', () => {
    const [first, second] = split([
      Buffer.from(`2024-01-01 00:00:00 INFO ${'x'.repeat(1_000_000)}\n${'y\n'.repeat(10_000)}Error\n2024-01-01 00:00:01 INFO z`),
    ]);
    expect(first?.entry.text).toHaveLength(8 * 1024);
    expect(first?.critical).toBe(true);
    expect(second?.entry.text).toBe('2024-01-01 00:00:01 INFO z');
  });

  it('gives the same entries however the bytes are cut', () => {
    const piece = fc.constantFrom(
      '2024-01-01 00:00:00,123 ERROR [x] Error\n',
      '------\n',
      '------',
      '\n',
      'ü€𝄞',
      '\r\n',
      '2024',
      '\0',
      'x'.repeat(9000),
      '2011-11-13T12:06:07 INFO Zope y\n',
      ' tail',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), fc.array(fc.nat({ max: 2000 }), { maxLength: 60 }), (pieces, sizes) => {
        const bytes = Buffer.from(pieces.join(''));
        const chunks: Buffer[] = [];
        let at = 0;
        for (const size of sizes) {
          chunks.push(bytes.subarray(at, at + size));
          at += size;
        }
        chunks.push(bytes.subarray(at));
        expect(split(chunks)).toEqual(split([bytes]));
      }),
    );
  });
});

describe('parseHeader', () => {
  it.each([
    ['2024-09-25 16:47:17,760 INFO    [Zope:42][MainThread] Ready', '2024-09-25 16:47:17,760', 'INFO'],
    ['2024-09-25 16:47:17,760 CRITICA [Zope:42][MainThread] x', '2024-09-25 16:47:17,760', 'CRITICAL'],
    ['2024-10-11 16:12:50 WARNING [Zope:42] x', '2024-10-11 16:12:50', 'WARNING'],
    ['2011-11-13T12:06:07 INFO Zope Ready', '2011-11-13T12:06:07', 'INFO'],
    ['2011-11-13T12:06:07 something else', '2011-11-13T12:06:07', null],
  ])('reads %s', (line, time, level) => expect(parseHeader(line)).toEqual({ time, level }));

  it.each(['', ' 2024-09-25 16:47:17 INFO x', '2024-09-25', 'Traceback (most recent call last):'])(
    'takes "%s" for no beginning of an entry',
    (line) => {
      expect(parseHeader(line)).toBeNull();
    },
  );
});
