import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { parseHaproxyState, parseTable } from '../../../../agent/balancers/haproxy-state.js';

const fixture = (name: string) => readFile(new URL(`../../../fixtures/haproxy/${name}`, import.meta.url), 'utf8');
const captured = await fixture('state-2.6.12.txt');

describe('what a running HAProxy says', () => {
  it('is read from its answers, in maintenance with a request under way, in, and without checks', () => {
    const { version, servers, tables } = parseHaproxyState(captured);
    expect(version).toBe('2.6.12-1+deb12u3');
    expect(servers).toEqual([
      { section: 'zope', name: 'c1', id: '1', address: '127.0.0.1:18081', enabled: false, alive: null, inFlight: 1 },
      // Its file had it off; it was let in since.
      { section: 'zope', name: 'c2', id: '2', address: '127.0.0.1:18082', enabled: true, alive: true, inFlight: 0 },
      { section: 'other', name: 'c1', id: '1', address: '127.0.0.1:18081', enabled: true, alive: true, inFlight: 0 },
    ]);
    expect([...tables]).toEqual(['zope']);
  });

  it.each([
    ['drained by hand', '8', false],
    ['in maintenance as the server that it follows', '2', false],
    ['in maintenance as its name leads nowhere', '32', false],
    ['off by its file alone', '4', true],
    ['well', '0', true],
  ])('a server that is %s', (_, admin, enabled) => {
    const text = captured.replace('3 zope 2 c2 127.0.0.1 2 4', `3 zope 2 c2 127.0.0.1 2 ${admin}`);
    expect(parseHaproxyState(text).servers[1]?.enabled).toBe(enabled);
  });

  it('counts those who wait in its queue, and finds it dead when it says so', () => {
    const text = captured.replace('\nzope,c2,0,0,0,', '\nzope,c2,3,3,2,').replace('zope 2 c2 127.0.0.1 2 4', 'zope 2 c2 127.0.0.1 0 4');
    expect(parseHaproxyState(text).servers[1]).toMatchObject({ inFlight: 5, alive: false });
  });

  it('an IPv6 address has brackets', () => {
    const text = captured.replace('3 zope 2 c2 127.0.0.1', '3 zope 2 c2 fe80::1');
    expect(parseHaproxyState(text).servers[1]?.address).toBe('[fe80::1]:18082');
  });

  it.each([
    ['a server that the statistics do not have', (t: string) => t.replace('\nzope,c2,', '\nzope,c3,')],
    ['a count that is no number', (t: string) => t.replace('\nzope,c2,0,0,0,', '\nzope,c2,0,0,,')],
    ['a state that is no number', (t: string) => t.replace('zope 2 c2 127.0.0.1 2 4', 'zope 2 c2 127.0.0.1 2 x')],
    ['no list of servers', () => 'Unknown command: "show"\n'],
    ['nothing', () => ''],
  ])('%s is no answer: what is overlooked would read as drained', (_, change) => {
    expect(() => parseHaproxyState(change(captured))).toThrow(expect.objectContaining({ code: 'failed' }) as Error);
  });

  it('the entries of a stick table are counted by server', async () => {
    expect(parseTable(await fixture('table-2.6.12.txt'))).toEqual(new Map([['1', 3]]));
    expect(parseTable('# table: zope, type: string, size:10240, used:0\n')).toEqual(new Map());
  });
});
