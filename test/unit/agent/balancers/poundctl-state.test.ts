import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { parsePoundctlState } from '../../../../agent/balancers/poundctl-state.js';

const fixture = (name: string) => readFile(new URL(`../../../fixtures/pound/${name}`, import.meta.url), 'utf8');
const told = (text: string) =>
  parsePoundctlState(text).map((b) => [b.path, b.address, b.enabled ? 'in' : 'out', b.alive ? 'alive' : 'dead', ...b.sessions].join(' '));

describe('what poundctl -X prints', () => {
  it('is read with states as attributes (2.5 to 4.1)', async () => {
    expect(told(await fixture('poundctl-2.8.txt'))).toEqual([
      '/listener/0/0/0 10.0.0.1:8081 in alive abc',
      '/listener/0/0/1 10.0.0.2:8081 out dead say "hi" <b>',
      '/listener/0/1/0 [::1]:8082 in alive',
      '/listener/1/0/0 10.0.0.1:8081 out alive',
      '/service/0/0 10.0.0.1:8081 in alive',
    ]);
  });

  it('is read with states as bare words (2.0 to 2.4)', async () => {
    expect(told(await fixture('poundctl-2.4.txt'))).toEqual([
      '/listener/0/0/0 10.0.0.1:8081 in alive',
      '/listener/0/0/1 10.0.0.2:8081 out dead abc',
      '/service/0/0 10.0.0.1:8081 out alive',
    ]);
  });

  it('says where each backend stands, by name where there is one', async () => {
    const backends = parsePoundctlState(await fixture('poundctl-2.8.txt'));
    expect(backends.map((b) => [b.place, b.service, b.sessionPath])).toEqual([
      ['0.0.0.0:80/site', 'site', '/session/0/0'],
      ['0.0.0.0:80/site', 'site', '/session/0/0'],
      ['0.0.0.0:80/1', null, '/session/0/1'],
      ['0.0.0.0:443/site', 'site', '/session/1/0'],
      ['-/0', null, '/session/-/0'],
    ]);
  });

  it.each([
    ['nothing', ''],
    ['half of it', '<pound>\n<listener index="0" HTTP address="0.0.0.0:80">\n'],
    ['the text listing', '  0. http Listener 0.0.0.0:80 a\n'],
    ['a backend outside of any service', '<pound>\n<backend index="0" address="10.0.0.1:1" />\n</pound>\n'],
  ])('%s is no listing: a backend that is overlooked would read as none', (_, text) => {
    expect(() => parsePoundctlState(text)).toThrow(expect.objectContaining({ code: 'failed' }) as Error);
  });
});
