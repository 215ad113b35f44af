import { describe, expect, it } from 'vitest';
import { clip, oneLine, printable } from '../../../../../controller/ctl/format/text.js';

describe('text from elsewhere', () => {
  it('shows control characters instead of obeying them', () => {
    expect(printable('a\x07b\x1b]0;title\x07\tc\r\nd\u009be\u202ef')).toBe('a^Gb^[]0;title^G\tc\nd\ufffde\ufffdf');
    expect(oneLine('a\n  b\tc')).toBe('a / b c');
  });

  it('is clipped by characters, with a mark', () => {
    expect([clip('abc', 3, '…'), clip('abcd', 3, '…'), clip('😀😀😀', 2, '…'), clip('abc', 0, '…')]).toEqual(['abc', 'ab…', '😀…', '']);
  });
});
