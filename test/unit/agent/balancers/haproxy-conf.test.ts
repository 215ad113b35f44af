import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { serversOf, switchServers } from '../../../../agent/balancers/haproxy-conf.js';
import { runs } from '../../../support/runs.js';

const switched = (text: string, name: string, wanted: 'in' | 'out'): string =>
  switchServers(text, (server) => server.name === name, wanted);
const states = (text: string) => serversOf(text).map((server) => ({ name: server.name, enabled: server.enabled }));
const NAMES = ['one', 'two', 'three'] as const;

/** Files as people leave them behind; `off`: with switches of the operator's own. */
function files(off: boolean): fc.Arbitrary<string> {
  const blank = fc.constantFrom(' ', '  ', '\t', ' \t');
  const params = off
    ? ['check', 'inter 2s', 'cookie disabled', 'cookie "a b"', 'weight 10', 'disabled', 'enabled', 'backup']
    : ['check', 'inter 2s', 'cookie disabled', 'cookie "a b"', 'weight 10', 'track other/enabled', 'enabled', 'backup'];
  const server = fc
    .tuple(
      fc.constantFrom(...NAMES),
      fc.array(fc.constantFrom(...params), { maxLength: 4 }),
      blank,
      fc.constantFrom('', '   server', '\t'),
      fc.constantFrom('', ' # disabled', '# on', '   ', ' \t'),
    )
    .map(
      ([name, extra, gap, indent, end]) =>
        `${indent.replace('server', '')}server${gap}${name}${gap}127.0.0.1:8081${extra.map((p) => gap + p).join('')}${end}`,
    );
  const noise = fc.constantFrom(
    '',
    '  # server one 1.2.3.4 disabled',
    '\toption httpchk',
    '  balance roundrobin',
    '  http-request deny if { path "/server disabled" }',
  );
  const defaultServer = fc.constantFrom(
    '  default-server inter 3s',
    ...(off ? ['  default-server disabled', '\tdefault-server enabled'] : []),
  );
  const section = fc
    .tuple(
      fc.constantFrom('backend', 'listen'),
      fc.nat(9),
      fc.array(fc.oneof({ weight: 4, arbitrary: server }, noise, defaultServer), { maxLength: 6 }),
    )
    .map(([kind, n, lines]) => [`${kind} s${n}`, ...lines]);
  const head = fc.constantFrom(
    ['global', '  maxconn 100', 'defaults', '  mode http'],
    [
      'defaults',
      ...(off ? ['  default-server disabled'] : ['  default-server fall 3']),
      'frontend main',
      '  bind :80',
      '  default_backend s1',
    ],
    [],
  );
  return fc
    .tuple(head, fc.array(section, { maxLength: 4 }), fc.constantFrom('\n', '\r\n'), fc.boolean())
    .map(([first, sections, end, last]) => [...first, ...sections.flat()].join(end) + (last ? end : ''));
}

describe('switching servers of any haproxy.cfg that has none off', () => {
  it('out puts exactly the chosen ones out, and in gives the file back byte for byte', () => {
    fc.assert(
      fc.property(files(false), fc.constantFrom(...NAMES), (text, name) => {
        const out = switched(text, name, 'out');
        expect(states(out)).toEqual(states(text).map((s) => (s.name === name ? { ...s, enabled: false } : s)));
        expect(switched(out, name, 'in')).toBe(text);
      }),
      { numRuns: runs(1000) },
    );
  });

  it('any order of outs and ins of all servers ends where it began', () => {
    fc.assert(
      fc.property(files(false), fc.shuffledSubarray([...NAMES]), fc.shuffledSubarray([...NAMES]), (text, outs, ins) => {
        const out = outs.reduce((t, name) => switched(t, name, 'out'), text);
        const some = ins.reduce((t, name) => switched(t, name, 'in'), out);
        expect(NAMES.reduce((t, name) => switched(t, name, 'in'), some)).toBe(text);
      }),
      { numRuns: runs(300) },
    );
  });
});

describe('switching servers of any haproxy.cfg', () => {
  it('does what is wanted whatever the operator wrote, touches no other server, and nothing the second time', () => {
    fc.assert(
      fc.property(files(true), fc.constantFrom(...NAMES), fc.constantFrom('in' as const, 'out' as const), (text, name, wanted) => {
        const once = switched(text, name, wanted);
        expect(states(once)).toEqual(states(text).map((s) => (s.name === name ? { ...s, enabled: wanted === 'in' } : s)));
        expect(switched(once, name, wanted)).toBe(once);
      }),
      { numRuns: runs(1000) },
    );
  });

  it('out, then in, gives back what in makes of it, byte for byte', () => {
    fc.assert(
      fc.property(files(true), fc.constantFrom(...NAMES), (text, name) => {
        const isIn = switched(text, name, 'in');
        expect(switched(switched(isIn, name, 'out'), name, 'in')).toBe(isIn);
      }),
      { numRuns: runs(500) },
    );
  });
});

describe('the words that change', () => {
  const line = (rest: string) => `backend zope\n  server one 10.0.0.1:8081 ${rest}\n`;

  it('out adds one word behind the last one, before a comment', () => {
    expect(switched(line('check # first'), 'one', 'out')).toBe(line('check disabled # first'));
    expect(switched('backend zope\n  server one 10.0.0.1:8081', 'one', 'out')).toBe('backend zope\n  server one 10.0.0.1:8081 disabled');
  });
  it('in takes away what an operator wrote in the middle', () => {
    expect(switched(line('disabled check'), 'one', 'in')).toBe(line('check'));
  });
  it('in overrides a default that is off, and out takes that back', () => {
    const text = `defaults\n  default-server disabled\n${line('check')}`;
    const isIn = `defaults\n  default-server disabled\n${line('check enabled')}`;
    expect(states(text)).toEqual([{ name: 'one', enabled: false }]);
    expect(switched(text, 'one', 'in')).toBe(isIn);
    expect(states(switched(isIn, 'one', 'out'))).toEqual([{ name: 'one', enabled: false }]);
  });
  it('a value that is called like a switch is none', () => {
    expect(states(line('cookie disabled'))).toEqual([{ name: 'one', enabled: true }]);
    expect(states(line("'disabled'"))).toEqual([{ name: 'one', enabled: false }]);
  });
  it('a defaults section begins anew, unless it is made from another one', () => {
    const backend = (from: string) => `backend zope${from}\n  server one 10.0.0.1:8081\n`;
    const off = 'defaults off\n  default-server disabled\n';
    expect(states(`${off}${backend('')}`)).toEqual([{ name: 'one', enabled: false }]);
    expect(states(`${off}defaults\n  mode http\n${backend('')}`)).toEqual([{ name: 'one', enabled: true }]);
    expect(states(`${off}defaults\n  mode http\n${backend(' from off')}`)).toEqual([{ name: 'one', enabled: false }]);
    expect(states(`${off}defaults more from off\n  mode http\n${backend('')}`)).toEqual([{ name: 'one', enabled: false }]);
  });
  it('a server of the same name in another section stays as it is', () => {
    const text = `${line('check')}listen admin\n  bind :81\n  server one 10.0.0.1:8081\n`;
    const out = switchServers(text, ({ section }) => section === 'admin', 'out');
    expect(serversOf(out).map(({ section, enabled }) => `${section} ${enabled}`)).toEqual(['zope true', 'admin false']);
  });
});
