import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { loadRipgrep } from '../../../../agent/logs/ripgrep.js';
import { parseLogPattern } from '../../../../shared/model/log-pattern.js';
import { runs } from '../../../support/runs.js';

const { signal } = new AbortController();
const parse = (text: string, ignoreCase = false) => parseLogPattern(text, { ignoreCase });

function refusal(text: string): string {
  try {
    parse(text);
  } catch (error) {
    expect(error).toMatchObject({ code: 'usage' });
    return error instanceof Error ? error.message : String(error);
  }
  return 'accepted';
}

describe('a pattern that is none', () => {
  it.each([
    ['(a', 0, 'this group is not closed'],
    ['ab)', 2, 'nothing is open that this could close'],
    ['x[a', 1, 'this class is not closed'],
    ['*x', 0, 'there is nothing before * that it could repeat'],
    ['a|+', 2, 'there is nothing before + that it could repeat'],
    ['a{3,2}', 1, 'the numbers are the wrong way round'],
    ['a{1001}', 1, 'at most 1000 repetitions can be counted'],
    ['a**', 2, 'there is nothing before this that it could repeat'],
    ['x(?=y)', 1, 'looking ahead or behind is not possible here'],
    ['(?<!y)x', 0, 'looking ahead or behind is not possible here'],
    ['(a)\\1', 3, 'looking back at a group is not possible here'],
    ['x\\', 1, 'a backslash at the end escapes nothing'],
    ['[z-a]', 2, 'the ends of the range are the wrong way round'],
    ['[[:foo:]]', 1, 'there is no class [:foo:]'],
    ['\\y', 0, '\\y is not known here'],
    ['(?x)a', 0, 'this kind of group is not known here'],
    ['ü(', 1, 'this group is not closed'],
    ['^*', 0, 'this cannot be repeated'],
  ])('is refused with the place of the fault: %s', (text, at, why) => {
    expect(refusal(text)).toBe(`not a pattern: ${text}\n${' '.repeat('not a pattern: '.length + at)}^ ${why}`);
  });

  it('is refused by ripgrep where it is too large for it', async () => {
    const { rust } = parse('((a{1000}){1000}){1000}');
    await expect((await loadRipgrep()).matchingLines(Buffer.from('a\n'), rust, signal)).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining('exceeds size limit') as string,
    });
  });
});

describe('a pattern', () => {
  /** What ripgrep and JavaScript find in these lines. */
  const found = async (text: string, lines: readonly string[], ignoreCase = false) => {
    const { rust, js } = parse(text, ignoreCase);
    const numbers = await (await loadRipgrep()).matchingLines(Buffer.from(lines.map((line) => `${line}\n`).join('')), rust, signal);
    expect(lines.flatMap((line, at) => (js.test(line) ? [at] : []))).toEqual(numbers);
    return numbers.map((number) => lines[number]);
  };

  it.each([
    ['MemoryError|ConflictError', ['a MemoryError', 'b', 'ConflictError'], ['a MemoryError', 'ConflictError']],
    ['^a.*b$', ['axxb', 'ab\r', 'xab', 'abx'], ['axxb', 'ab\r']],
    ['[[:digit:]]{3}', ['12', '123'], ['123']],
    ['\\d+\\s\\w', ['1 a', '1a', '12\tb'], ['1 a', '12\tb']],
    ['a[^,]c', ['a,c', 'abc', 'aüc'], ['abc', 'aüc']],
    ['a.c', ['aüc', 'a€c', 'ac'], ['aüc', 'a€c']],
    ['[][]', ['[', ']', 'x'], ['[', ']']],
    ['[a&&b]', ['&', 'a', 'x'], ['&', 'a']],
    ['[a-c~~d]', ['~', 'b', 'x'], ['~', 'b']],
    ['\\bon\\b', ['on', 'only', 'go on'], ['on', 'go on']],
    ['x{2}', ['x', 'xx'], ['xx']],
    ['{x}', ['{x}', 'x'], ['{x}']],
    ['a/b#c-d', ['a/b#c-d', 'x'], ['a/b#c-d']],
    ['(?i)error', ['ERROR', 'x'], ['ERROR']],
    ['(?:a|b)+?c', ['abc', 'c'], ['abc']],
    ['(?P<name>a)', ['a', 'b'], ['a']],
    ['\\x41\\u0042', ['AB', 'x'], ['AB']],
    ['', ['', 'a'], ['', 'a']],
  ])('finds the same by ripgrep and by JavaScript: %s', async (text, lines, expected) => {
    expect(await found(text, lines)).toEqual(expected);
  });

  it('finds what is beyond a byte of an old encoding', async () => {
    const { rust } = parse('ERROR.*end [^x]');
    const line = Buffer.concat([Buffer.from('ERROR K'), Buffer.from([0xe4]), Buffer.from('se end '), Buffer.from([0xfc])]);
    expect(await (await loadRipgrep()).matchingLines(line, rust, signal)).toEqual([0]);
  });

  it('knows a text that is in every line that matches', () => {
    expect(parse('^\\d+ INFO\\s+(?:Zope )?Ready to handle\\s*$').literal).toBe('Ready to handle');
    expect(parse('abc|def').literal).toBe('');
    expect(parse('abcd*').literal).toBe('abc');
    expect(parse('abc', true).literal).toBe('');
    expect(parse('(abc)').literal).toBe('');
  });

  it('is known to be linear in JavaScript only without repetitions', () => {
    expect([parse('abc').linear, parse('a?bc|d').linear, parse('a+').linear, parse('(a{2})').linear]).toEqual([true, true, false, false]);
  });

  it('is not taken for linear where many choices stand one after the other', () => {
    const lists = 'one|two|three|four|five|six|seven|eight|nine|ten'.repeat(3);
    expect([parse(lists).linear, parse(`(${lists}) at (a|b)`).linear]).toEqual([true, true]);
    expect([parse('(a|a)'.repeat(30)).linear, parse(`${'a?'.repeat(30)}b`).linear, parse('((a?)?|b)'.repeat(5)).linear]).toEqual([
      ...[false, false, false],
    ]);
  });

  it('never matches a line by one of the two engines only', async () => {
    const ripgrep = await loadRipgrep();
    const piece = fc.constantFrom(
      'a',
      'b',
      '.',
      'a*',
      '[ab]',
      '[^a]',
      '(a|b)',
      '(?:ab)+',
      '^',
      '$',
      '\\d',
      '\\w+',
      '\\s',
      'ü',
      '\\.',
      'x{1,2}',
      '|',
      '\\b',
      '-',
    );
    const line = fc.string({ unit: fc.constantFrom('a', 'b', 'x', 'ü', ' ', '1', '.', '-', 'é') });
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 6 }), fc.array(line, { minLength: 1, maxLength: 20 }), async (pieces, lines) => {
        const { rust, js } = parse(pieces.join(''));
        const numbers = await ripgrep.matchingLines(Buffer.from(lines.map((one) => `${one}\n`).join('')), rust, signal);
        expect(numbers).toEqual(lines.flatMap((one, at) => (js.test(one) ? [at] : [])));
      }),
      { numRuns: runs(100) },
    );
  });
});
