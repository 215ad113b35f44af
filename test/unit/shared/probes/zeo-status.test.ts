import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { parseZeoStatus } from '../../../../shared/probes/zeo-status.js';

const NOW = 1_800_000_000_000;
const parse = (status: object) => parseZeoStatus(JSON.stringify(status), NOW);

describe('parseZeoStatus', () => {
  it.each(['5.4.1', '6.2'])('reads the answer of a real runzeo %s', async (version) => {
    const json = await readFile(new URL(`../../../fixtures/zeo/ruok-${version}.json`, import.meta.url), 'utf8');
    expect(parseZeoStatus(json, NOW)).toEqual({ storages: [{ name: '1', connections: 0, waiting: 0 }], warnings: [] });
  });

  it('keeps what an older server does not tell unknown', () => {
    expect(parse({ '1': {} })).toEqual({ storages: [{ name: '1', connections: null, waiting: null }], warnings: [] });
  });

  it('warns of a lock that is held for long, and not of one just taken', () => {
    expect(parse({ '1': { lock_time: NOW / 1000 - 95 } }).warnings).toEqual(['storage 1: the commit lock is held for 95 s']);
    expect(parse({ '1': { lock_time: NOW / 1000 - 5 } }).warnings).toEqual([]);
  });

  it('does not take a clock of the other host that runs ahead for an old lock', () => {
    expect(parse({ '1': { lock_time: NOW / 1000 + 500 } }).warnings).toEqual([]);
  });

  it('warns of those who wait and of a dead timeout thread, for each storage', () => {
    expect(
      parse({ a: { waiting: 1 }, b: { 'timeout-thread-is-alive': false }, c: { 'timeout-thread-is-alive': true, waiting: 0 } }).warnings,
    ).toEqual(['storage a: 1 waiting for the commit lock', 'storage b: the thread that ends hung transactions is dead']);
  });

  it('warns of a server without storages', () => {
    expect(parse({}).warnings).toEqual(['it serves no storage']);
  });

  it.each(['', 'null', '[]', '"imok"', '{"1": 5}', '{"1": {"waiting": "many"}}'])('refuses %j', (json) => {
    expect(() => parseZeoStatus(json, NOW)).toThrow(/^answered ruok with something/);
  });

  it('shows only the beginning of a long answer that it does not understand', () => {
    expect(() => parseZeoStatus('x'.repeat(10_000), NOW)).toThrow(/^answered ruok with something that is no JSON: "x{80}…"$/);
  });
});
