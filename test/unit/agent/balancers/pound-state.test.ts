import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { parseConf, singleFile } from '../../../../agent/balancers/pound-conf.js';
import { addressOf, joinStates, placesOf } from '../../../../agent/balancers/pound-places.js';
import { parsePoundState, type PoundState } from '../../../../agent/balancers/pound-state.js';

const fixture = (name: string): Promise<string> => readFile(new URL(`../../../fixtures/pound/${name}`, import.meta.url), 'utf8');

describe('the state of Pound 4.16', () => {
  it('names each backend with the path under which it is switched, and leaves out what is no address', async () => {
    const { version, backends } = parsePoundState(await fixture('state-4.16.json'));
    expect(version).toBe('4.16');
    expect(backends.map((b) => `${b.path} ${b.place} ${b.address} ${b.enabled ? 'in' : 'out'}${b.emergency ? ' emergency' : ''}`)).toEqual([
      '/listener/1/0/0 main/one 127.0.0.1:8001 out',
      '/listener/1/0/1 main/one [::1]:8002 in',
      '/listener/1/0/2 main/one 127.0.0.1:8003 out',
      '/listener/1/0/3 main/one 127.0.0.1:8011 in',
      '/listener/1/0/4 main/one 127.0.0.1:8005 in emergency',
      '/listener/1/1/0 main/1 127.0.0.1:8011 out',
      '/listener/1/1/1 main/1 /run/x.sock in',
      '/service/1/0 -/glob2 127.0.0.1:8001 in',
    ]);
  });

  it('knows whose the sticky sessions are, and which backend is dead', async () => {
    const { backends } = parsePoundState(await fixture('state-4.16.json'));
    // They are the first one's; Pound's index says the second, which is an emergency backend.
    expect(backends.filter((b) => b.sessions.length > 0)).toMatchObject([
      { address: '127.0.0.1:8011', sessionPath: '/session/1/0', sessions: [1, 2, 3, 4, 5, 6].map((n) => `"a%3D${n}"`) },
      { address: '127.0.0.1:8005' },
    ]);
    expect(backends.filter((b) => !b.alive).map((b) => b.address)).toEqual(['[::1]:8002']);
  });

  it('stands beside its file without a difference', async () => {
    const conf = parseConf(singleFile('pound.cfg', await fixture('pound-4.16.cfg')));
    const file = placesOf(conf).map((at) => ({ address: addressOf(at.backend, new Map([['localhost', '127.0.0.1']])), at }));
    const joined = joinStates(file, parsePoundState(await fixture('state-4.16.json')).backends);
    expect(joined).toHaveLength(8);
    expect(joined.filter((b) => b.inFile !== b.inRuntime)).toEqual([]);
  });
});

describe('the state of other versions', () => {
  it('from 4.18 the version is under core, and each object has its kind', async () => {
    const old = JSON.parse(await fixture('state-4.16.json')) as Record<string, unknown>;
    const { listeners, services, ...core } = old;
    const state = parsePoundState(JSON.stringify({ kind: 'full', core: { ...core, version: '4.18' }, listeners, services }));
    expect(state.version).toBe('4.18');
    expect(state.backends).toEqual(parsePoundState(JSON.stringify(old)).backends);
  });

  it.each([
    ['no JSON', '<html>', 'Pound answered something that is no JSON: <html>'],
    ['something else', '{"backends":[]}', 'Pound answered something that is no list of listeners: {"backends":[]}'],
    ['a bare value', 'true', 'Pound answered something that is no list of listeners: true'],
  ])('%s is an error, never an empty list', (_, json, message) => {
    expect(() => parsePoundState(json)).toThrow(expect.objectContaining({ code: 'failed', message }) as Error);
  });

  it('what is missing counts as out and dead', () => {
    const state: PoundState = parsePoundState('{"listeners":[{"services":[{"backends":[{"address":"10.0.0.1:1"}]}]}]}');
    expect(state).toMatchObject({ version: 'unknown', backends: [{ place: '0/0', enabled: false, alive: false, sessions: [] }] });
  });
});
