import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parsePid } from '../../../../agent/services/pid-file.js';
import { fileNameOf, parseRecord } from '../../../../agent/services/record.js';

describe('fileNameOf', () => {
  it('keeps plain names', () => expect(fileNameOf('Zope_1.2-b')).toBe('Zope_1.2-b'));

  it('names files so that no name leaves the folder, is hidden or meets another', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' }), (one, two) => {
        expect(fileNameOf(one)).toMatch(/^(?:[A-Za-z0-9_%-][A-Za-z0-9_.%-]*)?$/);
        expect(fileNameOf(one) === fileNameOf(two)).toBe(Buffer.from(one).equals(Buffer.from(two)));
      }),
    );
  });
});

describe('parseRecord', () => {
  const record = { bootId: 'b', token: 't', at: 1, process: '10@20', unit: 'ctl-a-1.service', ended: null, stopping: false };
  it('reads what was written', () => expect(parseRecord(JSON.stringify(record))).toEqual(record));
  it('reads what an agent wrote that knew no units', () =>
    expect(parseRecord(JSON.stringify({ ...record, unit: undefined }))).toEqual({ ...record, unit: null }));
  it.each([{}, { ...record, process: 10 }, { ...record, unit: 1 }, { ...record, stopping: undefined }, null])('refuses %j', (value) => {
    expect(() => parseRecord(JSON.stringify(value))).toThrow('it is not a record of a service');
  });
});

describe('parsePid', () => {
  it.each([
    ['123\n', 123],
    ['  123', 123],
    ['123\nmore\n', 123],
    ['', null],
    ['abc', null],
    ['-5\n', null],
    ['12 34', null],
    ['0\n', null],
    ['1\n', null],
    ['99999999999\n', null],
  ])('reads %j as %s', (text, pid) => expect(parsePid(text)).toBe(pid));
});
