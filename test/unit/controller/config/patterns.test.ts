import { describe, expect, test } from 'vitest';
import { pattern } from '../../../../controller/config/values/patterns.js';
import { compilePattern } from '../../../../shared/pattern.js';

const read = (text: string) => pattern.parse(text, '/etc/ctl/cluster.ini');
const valueOf = (text: string) => {
  const parsed = read(text);
  if (!parsed.ok) throw new Error(parsed.message);
  return parsed.value;
};

describe('a pattern of an old file', () => {
  test.each([
    ['(?i)memoryerror|conflict', 'MEMORYERROR', 'memory'],
    ['(?i)größe', 'GRÖSSE GRÖßE', 'grosse'],
    ['(?iu)error', 'Error', 'err'],
    ['(?P<what>Disk|Memory) full, (?P=what)', 'Disk full, Disk', 'Disk full, Memory'],
    ['\\AERROR\\Z', 'ERROR', 'ERROR 1'],
    ['[]x]1', ']1', 'y1'],
    ['[^]]1', 'x1', ']1'],
    ['(?#known)Conflict', 'Conflict', '(?#known)'],
    ['[(?i)]x', '?x', 'X'],
    ['\\(?i\\)', '(i)', 'I)'],
  ])('%j matches as it did in Python', (text, yes, no) => {
    expect(read(text)).toEqual({ ok: true, value: valueOf(text) });
    const expression = compilePattern(valueOf(text));
    expect([expression.test(yes), expression.test(no)]).toEqual([true, false]);
  });

  test('keeps its flags in front, where agents and ripgrep find them', () => {
    expect(valueOf('(?mi)a|\n(?i)b|')).toBe('(?im)a|b');
    expect(compilePattern('(?im)a|b').flags).toBe('im');
  });

  test('with a flag in the middle is read as Python 2 did, with a warning', () => {
    expect(read('ERROR|(?i)critical')).toEqual({
      ok: true,
      value: '(?i)ERROR|critical',
      warning: 'the flag (?i) counts for the whole pattern',
      hint: 'write it at the start',
    });
  });
});

describe('a pattern that JavaScript has no words for', () => {
  test.each([
    ['(?x) a b', 'the flag x is not supported: write the pattern without blanks and comments'],
    ['(?i:a)b', 'flags for a part are not supported: write (?i) at the start'],
    ['a(', null],
  ])('%j is an error', (text, hint) => {
    expect(read(text)).toMatchObject({ ok: false, message: expect.stringMatching(/ is not a regular expression: /) as string, hint });
  });

  test('is refused by its length before anything else looks at it', () => {
    expect(read('['.repeat(20_000))).toEqual({ ok: false, message: 'a pattern of 20000 characters is longer than 16384', hint: null });
  });
});
