import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isGlob, matchesGlob } from '../../../../shared/ini/glob.js';
import { didYouMean, nearest } from '../../../../shared/ini/nearest.js';
import { splitWords } from '../../../../shared/ini/words.js';
import { runs } from '../../../support/runs.js';

describe('splitting a command', () => {
  test.each([
    ['', []],
    ['ping -c 1', ['ping', '-c', '1']],
    ['  a\t b\n  c ', ['a', 'b', 'c']],
    ['"C:\\Program Files\\x.exe" -v', ['C:\\Program Files\\x.exe', '-v']],
    ['a\\ b', ['a\\', 'b']],
    ['--name="two words"x ""', ['--name=two wordsx', '']],
    ["it's $HOME `id`; rm", ["it's", '$HOME', '`id`;', 'rm']],
  ])('%j', (text, words) => {
    expect(splitWords(text)).toEqual({ ok: true, words });
  });

  test('an open quote is refused', () => {
    expect(splitWords('a "b')).toEqual({ ok: false, why: 'a double quote is not closed' });
  });

  test('further separators end a word', () => {
    expect(splitWords('Zope_*, Pound "a,b"', ',')).toEqual({ ok: true, words: ['Zope_*', 'Pound', 'a,b'] });
  });
});

describe('globs', () => {
  test('agree with the regular expression of the same meaning', () => {
    const letters = fc.string({ unit: fc.constantFrom('a', 'b', '.'), maxLength: 8 });
    const patterns = fc.string({ unit: fc.constantFrom('a', 'b', '.', '*', '?'), maxLength: 8 });
    fc.assert(
      fc.property(patterns, letters, (pattern, text) => {
        const source = pattern.replace(/\./g, '\\.').replace(/\*/g, '.*').replace(/\?/g, '.');
        expect(matchesGlob(pattern, text)).toBe(new RegExp(`^${source}$`).test(text));
      }),
      { numRuns: runs(5000) },
    );
  });

  test('a pattern of many stars does not hang', () => {
    expect(matchesGlob(`${'a*'.repeat(50)}b`, 'a'.repeat(5000))).toBe(false);
  });

  test('are told from plain names', () => {
    expect(['zeoclient*', 'web?', 'zeoclient1.1'].map(isGlob)).toEqual([true, true, false]);
  });
});

describe('nearest names', () => {
  test('come nearest first, by insertions, deletions, replacements and swaps', () => {
    expect(nearest('zeoclient1.3', ['pound', 'zeoclient1.1', 'zeoclient11.3'])).toEqual(['zeoclient1.1', 'zeoclient11.3']);
    expect(didYouMean('prot', ['pool', 'port', 'type'])).toBe('did you mean "port"?');
    expect(didYouMean('ZEOCLIENT', ['ZeoClient', 'ZeoServer'])).toBe('did you mean "ZeoClient"?');
  });

  test('are none where nothing is near', () => {
    expect(didYouMean('xyz', ['pool', 'port'])).toBeNull();
    expect(didYouMean('', ['port'])).toBeNull();
  });
});
