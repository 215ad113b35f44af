import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseConf, singleFile } from '../../../../agent/balancers/pound-conf.js';
import { backendsOf, switchBackends } from '../../../../agent/balancers/pound-switch.js';
import { BACKEND_PORTS, confFiles } from '../../../contract/balancer/conf-files.js';
import { runs } from '../../../support/runs.js';

const switched = (text: string, port: string, wanted: 'in' | 'out'): string =>
  switchBackends(singleFile('pound.cfg', text), (backend) => backend.port === port, wanted).get('pound.cfg') ?? text;
const states = (text: string) => backendsOf(parseConf(singleFile('pound.cfg', text))).map((b) => ({ port: b.port, enabled: b.enabled }));

const anyPort = fc.constantFrom(...BACKEND_PORTS);
const options = { listenerPorts: ['80', '81'], control: '/run/pound.sock', withDisabled: false, withJoins: true };

describe('switching backends of any file that has none off', () => {
  it('out puts exactly the chosen ones out, and in gives the file back byte for byte', () => {
    fc.assert(
      fc.property(confFiles(options), anyPort, (text, port) => {
        const out = switched(text, port, 'out');
        expect(states(out)).toEqual(states(text).map((b) => (b.port === port ? { ...b, enabled: false } : b)));
        expect(switched(out, port, 'in')).toBe(text);
      }),
      { numRuns: runs(500) },
    );
  });

  it('out adds lines and, where there was a UseBackend, one word; all else is the file that it was', () => {
    fc.assert(
      fc.property(confFiles(options), anyPort, (text, port) => {
        const before = text.split('\n');
        let at = 0;
        for (const line of switched(text, port, 'out').split('\n')) {
          if (line === before[at] || line === before[at]?.replace(/usebackend/i, 'BackEnd')) at++;
          else expect(line).toMatch(/^[ \t]*(Disabled 1|End # was usebackend)\r?$/i);
        }
        expect(at).toBe(before.length);
      }),
    );
  });

  it('any order of outs and ins of all backends ends where it began', () => {
    fc.assert(
      fc.property(
        confFiles(options),
        fc.shuffledSubarray([...BACKEND_PORTS]),
        fc.shuffledSubarray([...BACKEND_PORTS]),
        (text, outs, ins) => {
          const out = outs.reduce((t, port) => switched(t, port, 'out'), text);
          const some = ins.reduce((t, port) => switched(t, port, 'in'), out);
          expect(BACKEND_PORTS.reduce((t, port) => switched(t, port, 'in'), some)).toBe(text);
        },
      ),
    );
  });
});

describe('switching backends of any file', () => {
  const arbitrary = confFiles({ ...options, withDisabled: true });

  it('does what is wanted whatever the operator wrote, touches no other backend, and nothing the second time', () => {
    fc.assert(
      fc.property(arbitrary, anyPort, fc.constantFrom('in' as const, 'out' as const), (text, port, wanted) => {
        const once = switched(text, port, wanted);
        expect(states(once)).toEqual(states(text).map((b) => (b.port === port ? { ...b, enabled: wanted === 'in' } : b)));
        expect(switched(once, port, wanted)).toBe(once);
      }),
      { numRuns: runs(500) },
    );
  });
});

describe('the lines that change', () => {
  const conf = (body: string) =>
    `ListenHTTP\n\tService\n\t\tBackEnd\n\t\t\tAddress 10.0.0.1\n\t\t\tPort 8001\n${body}\t\tEnd\n\tEnd\nEnd\n`;

  it('out adds one line before the End, indented as the lines above', () => {
    expect(switched(conf(''), '8001', 'out')).toBe(conf('\t\t\tDisabled 1\n'));
  });
  it('out leaves a Disabled 0 of the operator where it is: the last one counts', () => {
    expect(switched(conf('\t\t\tDisabled 0 # for now\n'), '8001', 'out')).toBe(conf('\t\t\tDisabled 0 # for now\n\t\t\tDisabled 1\n'));
  });
  it('in turns the value of an operator who wrote it in his own way, and keeps his comment', () => {
    expect(switched(conf('\t\t\tdisabled  Yes # broken\n\t\t\tTimeOut 5\n'), '8001', 'in')).toBe(
      conf('\t\t\tdisabled  0 # broken\n\t\t\tTimeOut 5\n'),
    );
  });
  it('Disable, the keyword of TLS, is something else', () => {
    expect(switched(conf('\t\t\tHTTPS\n\t\t\tDisable TLSv1\n'), '8001', 'in')).toBe(conf('\t\t\tHTTPS\n\t\t\tDisable TLSv1\n'));
  });
  it('a definition that several services adjust is switched once', () => {
    const text = 'BackEnd "b"\n Address 10.0.0.1\n Port 8001\nEnd\nService\n BackEnd "b"\n End\nEnd\nService\n BackEnd "b"\n End\nEnd\n';
    expect(switched(text, '8001', 'out')).toBe(text.replace('8001\n', '8001\n Disabled 1\n'));
  });
  it('in overrides a definition that is off, instead of falling back to it', () => {
    const text = 'BackEnd "b"\n Address 10.0.0.1\n Port 8001\n Disabled 1\nEnd\nService\n BackEnd "b"\n  Disabled 1\n End\nEnd\n';
    expect(switched(text, '8001', 'in')).toBe(text.replace('  Disabled 1\n', '  Disabled 0\n'));
  });
  it('a UseBackend, which heeds no Disabled elsewhere, becomes a stanza as long as it is out', () => {
    const text = 'BackEnd "b"\n Address 10.0.0.1\n Port 8001\nEnd\nService\n useBackend "b" # mine\nEnd\n';
    const out = switched(text, '8001', 'out');
    expect(out).toBe(text.replace(' useBackend "b" # mine\n', ' BackEnd "b" # mine\n Disabled 1\n End # was useBackend\n'));
    expect(switched(out, '8001', 'in')).toBe(text);
  });
  it('a service that overrides the definition is switched where it does so', () => {
    const text = 'BackEnd "b"\n Address 10.0.0.1\n Port 8001\n Disabled 1\nEnd\nService\n BackEnd "b"\n  Disabled 0\n End\nEnd\n';
    expect(switched(text, '8001', 'out')).toBe(text.replace('Disabled 0\n', 'Disabled 0\n  Disabled 1\n'));
  });
});
