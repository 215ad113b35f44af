import { describe, expect, it } from 'vitest';
import { parseConf, singleFile } from '../../../../agent/balancers/pound-conf.js';

const parse = (text: string) => parseConf(singleFile('pound.cfg', text));

describe('pound.cfg', () => {
  it('has its control socket, the interval of its probes and the patience with visitors at the top level', () => {
    expect(parse('Control "/run/p.sock"\nalive 5\nCLIENT 300 # long\n')).toMatchObject({ control: '/run/p.sock', aliveS: 5, clientS: 300 });
    expect(parse('Control\n Socket "/run/p.sock"\n Mode 660\nEnd\n')).toMatchObject({ control: '/run/p.sock', aliveS: 30, clientS: 10 });
    expect(parse('ListenHTTP\n Client 7\n Service\n  Control\n End\nEnd\n')).toMatchObject({ control: null, clientS: 10 });
  });

  it('counts the control socket among the listeners', () => {
    const { listeners } = parse('ListenHTTP "a"\n Port 81\nEnd\nControl "/s"\nListenHTTPS\n Address ::1\nEnd\n');
    expect(listeners.map((l) => `${l.kind} ${l.name ?? '-'} ${l.address}`)).toEqual([
      'http a 0.0.0.0:81',
      'control - /s',
      'https - [::1]:443',
    ]);
  });

  it('is not misled by comments, strings, text of others, and sections that have no End', () => {
    const { services } = parse(
      [
        'Resolver\nConfigText\nBackEnd\nService\nEnd\nEnd',
        'ACL "a"\n"10.0.0.0/8"\nEnd\nTrustedIP "a"',
        'Service "s" # End',
        ' URL "End\\" # BackEnd"',
        ' ACL "a"\n Not ACL\n "10.0.0.0/8"\n End',
        ' ACL -file "/x"',
        ' BackEnd\n  Address 10.0.0.1\n  Port \\\n 80',
        ' End # it',
        ' Session\n  Type cookie\n  ID "End"\n End',
        'End',
      ].join('\n'),
    );
    expect(services).toMatchObject([
      { name: 's', session: { type: 'COOKIE', id: 'End' }, backends: [{ host: '10.0.0.1', port: '80', enabled: true }] },
    ]);
  });

  it('says where sections do not close', () => {
    const wrong = (message: string) => expect.objectContaining({ code: 'config', message }) as Error;
    expect(() => parse('Service\nBackEnd\nEnd\n')).toThrow(wrong('pound.cfg:1: Service without its End'));
    expect(() => parse('# x\nService\nEnd\nEnd\n')).toThrow(wrong('pound.cfg:4: an End that closes nothing'));
  });
});
