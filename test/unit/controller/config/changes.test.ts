import { describe, expect, it } from 'vitest';
import { configChanges, needsRestart } from '../../../../controller/config/changes.js';
import { parseCluster } from '../../../../controller/config/parse.js';
import { formatProblem } from '../../../../shared/ini/ini.js';

const BASE = `[DEFAULT]
timeout = 10
[cluster]
zeoclients = c1, c2
[connect]
login = admin
passwd = first
[c1]
type = ZeoClient
ip = 10.0.0.1
port = 8081
[c2]
type = ZeoClient
ip = 10.0.0.1
port = 8082
timeout = 7
`;
const parse = (text: string) => parseCluster(text, '/etc/ctl/cluster.ini', { file: 'cluster.ini' });
const changesOf = (change: (text: string) => string, base = BASE) => configChanges(parse(base).document, parse(change(base)).document);

describe('what changed', () => {
  it('is nothing between two files that mean the same', () => {
    expect(changesOf((text) => `; a comment\n${text.replace('timeout = 10', 'TIMEOUT: 10 ; s')}`)).toEqual([]);
    expect(changesOf((text) => text.replace('port = 8082\ntimeout = 7', 'timeout = 7\nport = 8082'))).toEqual([]);
  });

  it('is a value with its line, and told once where sections inherit it', () => {
    expect(changesOf((text) => text.replace('timeout = 10', 'timeout = 20'))).toEqual([
      { section: 'DEFAULT', key: 'timeout', before: '10', after: '20', line: 2 },
    ]);
  });

  it('is by what the program goes by: a line that falls away leaves the inherited value', () => {
    expect(changesOf((text) => text.replace('timeout = 7\n', ''))).toEqual([
      { section: 'c2', key: 'timeout', before: '7', after: '10', line: null },
    ]);
    expect(changesOf((text) => text.replace('[c1]\n', '[c1]\npool = 2\n'))).toEqual([
      { section: 'c1', key: 'pool', before: '1', after: '2', line: 9 },
    ]);
  });

  it('is every line of a section that is new or gone', () => {
    const without = BASE.slice(0, BASE.indexOf('[c2]')).replace('c1, c2', 'c1');
    const gone = configChanges(parse(BASE).document, parse(without).document).filter(({ section }) => section === 'c2');
    expect(gone).toEqual(
      Object.entries({ type: 'ZeoClient', ip: '10.0.0.1', port: '8082', timeout: '7' })
        .map(([key, before]) => ({ section: 'c2', key, before, after: null, line: null }))
        .sort(byOrderOf(gone)),
    );
    const made = configChanges(parse(without).document, parse(BASE).document).filter(({ section }) => section === 'c2');
    expect(made).toContainEqual({ section: 'c2', key: 'port', before: null, after: '8082', line: 15 });
    expect(made).toHaveLength(4);
  });

  it('is a password without saying which', () => {
    expect(changesOf((text) => text.replace('passwd = first', 'passwd = second'))).toEqual([
      { section: 'connect', key: 'passwd', before: '[redacted]', after: '[redacted]', line: 7 },
    ]);
  });
});

describe('what takes a restart of the controller', () => {
  it.each([
    ['[controller]\naddress = 127.0.0.1:7401\n', 'cluster.ini:18: [controller] address'],
    ['[controller]\nstate_dir = elsewhere\n', 'cluster.ini:18: [controller] state_dir'],
    ['[controller]\nheartbeat = 6\n', 'cluster.ini:18: [controller] heartbeat'],
    ['[DEFAULT]\nlogfile = other.log\n', 'cluster.ini:18: [DEFAULT] logfile'],
  ])('is %j', (added, place) => {
    expect(restarts(BASE, BASE + added)).toEqual([`${place}: a change of it needs a restart of the controller`]);
  });

  it('is also that such a line is gone', () => {
    expect(restarts(`${BASE}[controller]\naddress = 127.0.0.1:7400\n`, BASE)).toEqual([
      'cluster.ini: [controller] address: a change of it needs a restart of the controller',
    ]);
  });

  it('is nothing else', () => {
    const other = `${BASE.replaceAll('808', '909')}lock_file = other.lock\n[feedcache]\nurl = news\n`;
    expect(restarts(BASE, other)).toEqual([]);
  });
});

function restarts(before: string, after: string): string[] {
  const [old, now] = [parse(before), parse(after)];
  if (old.config === null || now.config === null) throw new Error([...old.problems, ...now.problems].map(formatProblem).join('\n'));
  return needsRestart(old.config, now.config, now.document).map(formatProblem);
}

const byOrderOf = (found: readonly { readonly key: string }[]) => (a: { readonly key: string }, b: { readonly key: string }) =>
  found.findIndex(({ key }) => key === a.key) - found.findIndex(({ key }) => key === b.key);
