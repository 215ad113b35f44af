import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createBlockSplitter, type Block } from '../../../../agent/logs/blocks.js';
import { textOfEntry } from '../../../../agent/logs/scanned.js';

interface Seen {
  readonly offset: number;
  readonly lines: number;
  readonly level: string | null | undefined;
  readonly text: string;
}

function split(chunks: readonly Buffer[], plain = false): Seen[] {
  const splitter = createBlockSplitter({ offset: 0, plain });
  const seen: Seen[] = [];
  const take = ({ bytes, entries }: Block) => {
    for (const { at, end, offset, lines, header } of entries)
      seen.push({ offset, lines, level: header?.level, text: textOfEntry(bytes, at, end) });
  };
  // One buffer, used again for each chunk, as the reader does.
  const buffer = Buffer.alloc(Math.max(0, ...chunks.map((chunk) => chunk.length)));
  for (const chunk of chunks) for (const block of splitter.push(buffer.subarray(0, chunk.copy(buffer)))) take(block);
  for (const block of splitter.flush(true)) take(block);
  return seen;
}

/** As a follower does: what is complete is taken after each chunk. Each block with the entries of it and all before it. */
function follow(chunks: readonly Buffer[]): { readonly end: number; readonly seen: readonly string[] }[] {
  const splitter = createBlockSplitter({ offset: 0, plain: false });
  const seen: string[] = [];
  const blocks: { readonly end: number; readonly seen: readonly string[] }[] = [];
  const take = ({ bytes, entries, end }: Block) => {
    seen.push(...entries.map((entry) => `${entry.offset} ${entry.lines} ${textOfEntry(bytes, entry.at, entry.end)}`));
    blocks.push({ end, seen: [...seen] });
  };
  for (const chunk of chunks) {
    for (const block of splitter.push(chunk)) take(block);
    for (const block of splitter.complete()) take(block);
  }
  for (const block of splitter.flush(true)) take(block);
  return blocks;
}

const splitText = (text: string, plain = false) => split([Buffer.from(text)], plain);
const texts = (text: string, plain = false) => splitText(text, plain).map((entry) => entry.text);

describe('entries', () => {
  it('are the lines with a time stamp, and the traceback that follows', () => {
    const traceback =
      '2024-09-25 16:47:17,760 ERROR   [Zope:42][waitress] Exception\nTraceback (most recent call last):\n  File "x"\nValueError: no';
    expect(splitText(`${traceback}\n2024-09-25 16:47:18,000 CRITICA [Zope:42] fine\n`)).toEqual([
      { offset: 0, lines: 4, level: 'ERROR', text: traceback },
      { offset: traceback.length + 1, lines: 1, level: 'CRITICAL', text: '2024-09-25 16:47:18,000 CRITICA [Zope:42] fine' },
    ]);
  });

  it('are shown without the six dashes that Zope 2 writes before the next one', () => {
    const text = '------\n2011-11-13T12:06:07 INFO Zope one\nat\n------\nin the middle\n------\n2011-11-13T12:06:08 INFO Zope two\n';
    expect(texts(text)).toEqual([
      '------',
      '2011-11-13T12:06:07 INFO Zope one\nat\n------\nin the middle',
      '2011-11-13T12:06:08 INFO Zope two',
    ]);
  });

  it('are single lines in a log without time stamps, until one has a time stamp', () => {
    expect(texts('one\ntwo\nthree', true)).toEqual(['one', 'two', 'three']);
    expect(texts('one\n2024-09-25 16:47:17 INFO x\ntwo\n', true)).toEqual(['one', '2024-09-25 16:47:17 INFO x\ntwo']);
  });

  it('are not kept whole when a line is endless, and the next ones are right', () => {
    const long = 'x'.repeat(5_000_000);
    const seen = splitText(`2024-01-01 00:00:00 INFO ${long}\n2024-01-01 00:00:01 INFO next`);
    expect(seen[0]?.text.length).toBeLessThan(70_000);
    expect(seen[1]).toEqual({ offset: 25 + long.length + 1, lines: 1, level: 'INFO', text: '2024-01-01 00:00:01 INFO next' });
  });

  it('have nothing of the hole that a truncated log begins with', () => {
    expect(split([Buffer.alloc(1_000_000), Buffer.from('\x00\x002024-01-01 00:00:01 INFO first\n')])).toEqual([
      { offset: 1_000_002, lines: 1, level: 'INFO', text: '2024-01-01 00:00:01 INFO first' },
    ]);
  });

  it('lose no line, in however many blocks they come', () => {
    const lines = Array.from({ length: 30_000 }, (_, n) => `2024-01-01 00:00:00 INFO line ${n}\n  and more of ${n}`);
    const bytes = Buffer.from(`${lines.join('\n')}\n`);
    let offset = 0;
    const expected = lines.map((text) => {
      const entry = { offset, lines: 2, level: 'INFO', text };
      offset += text.length + 1;
      return entry;
    });
    expect(split([bytes])).toEqual(expected);
  });

  it('are the same however the bytes are cut', () => {
    const piece = fc.constantFrom(
      '2024-01-01 00:00:00,123 ERROR [x] Error\n',
      '------\n',
      '------',
      '\n',
      'ü€𝄞',
      '\r\n',
      '2024',
      '\0',
      'x'.repeat(70_000),
      '2011-11-13T12:06:07 INFO Zope y\n',
      '127.0.0.1 - Anonymous [25/Sep/2024:16:47:17 +0200] "GET / HTTP/1.1" 200 1 "" ""\n',
      ' tail',
    );
    fc.assert(
      fc.property(
        fc.array(piece, { maxLength: 30 }),
        fc.array(fc.nat({ max: 2000 }), { maxLength: 60 }),
        fc.boolean(),
        (pieces, sizes, plain) => {
          const bytes = Buffer.from(pieces.join(''));
          const chunks: Buffer[] = [];
          let at = 0;
          for (const size of sizes) {
            chunks.push(bytes.subarray(at, at + size));
            at += size;
          }
          chunks.push(bytes.subarray(at));
          expect(split(chunks, plain)).toEqual(split([bytes], plain));
        },
      ),
    );
  });

  it('are the same where those that are complete are taken early, and each block says where the next one begins', () => {
    const line = fc.constantFrom('2024-01-01 00:00:00 INFO one', '2024-01-01 00:00:00 ERROR Traceback', '  File "x"', '', 'ValueError: no');
    fc.assert(
      fc.property(fc.array(line, { maxLength: 30 }), fc.array(fc.nat(40), { maxLength: 30 }), (lines, sizes) => {
        const text = Buffer.from(lines.map((one) => `${one}\n`).join(''));
        const chunks: Buffer[] = [];
        let at = 0;
        for (const size of [...sizes, text.length]) {
          chunks.push(text.subarray(at, at + size));
          at += size;
        }
        const whole = split([text]).map((entry) => `${entry.offset} ${entry.lines} ${entry.text}`);
        const blocks = follow(chunks);
        expect(blocks.at(-1)?.seen ?? []).toEqual(whole);
        for (const { end, seen } of blocks) {
          const rest = split([text.subarray(end)]).map((entry) => `${entry.offset + end} ${entry.lines} ${entry.text}`);
          expect([...seen, ...rest]).toEqual(whole);
        }
      }),
    );
  });
});
