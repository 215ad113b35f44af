import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { parseCluster } from '../../../../controller/config/parse.js';
import { rawConfig, showConfig } from '../../../../controller/config/show.js';
import { formatProblem, parseIni } from '../../../../shared/ini/ini.js';

const OLD = await readFile(fileURLToPath(new URL('../../../fixtures/config/old-windows.ini', import.meta.url)));
const old = parseIni(OLD, 'cluster.ini');

describe('a file of the old Windows tool', () => {
  const { config, problems } = parseCluster(OLD, '/etc/ctl/cluster.ini', { file: 'cluster.ini' });

  test('loads unchanged, with warnings only', () => {
    expect(problems.map((problem) => `${problem.severity} ${formatProblem(problem)}`)).toEqual([
      'warning cluster.ini:4: [DEFAULT] logfile: "D:\\Plone\\log\\ctl.log" is a Windows path: /etc/ctl/ctl.log is used here',
      'warning cluster.ini:12: [DEFAULT] subject: a % that is neither %% nor %(name)s is taken as it is (write %%)',
      'warning cluster.ini:13: [DEFAULT] ping_command: "-n" does not count on this system (write -c)',
      'warning cluster.ini:26: [connect] passwd: a % that is neither %% nor %(name)s is taken as it is (write %%)',
      'warning cluster.ini:65: [zeoclient1.2] a REM line is ignored (comments begin with # or ;)',
      'warning cluster.ini:75: [zeoclient2.1] cache_size: unknown key',
      'warning cluster.ini:103: [pound1] cache_dir: has no effect here, only in Squid',
      'warning cluster.ini:105: [zeoclient3.1] nothing refers to this section: it is ignored (list it under "zeoclients" of [cluster] to use it)',
    ]);
  });

  test('keeps its meaning', () => {
    expect(config?.clients.map((client) => [client.spec.name, client.pool, client.maxProcessSizeKb])).toEqual([
      ['zeoclient1.1', 1, 800000],
      ['zeoclient1.2', 1, 1000000],
      ['zeoclient2.1', 2, 800000],
    ]);
    expect(config?.frontends.map((service) => service.spec.name)).toEqual(['squid1', 'pound1', 'manage']);
    expect(config?.connect.passwd.reveal()).toBe('ab;cd#ef%gh');
    expect(config?.feedcache.urls).toEqual(['news', 'events/calendar', 'sitemap']);
    expect(config?.clients[0]?.spec.log).toMatchObject({
      file: 'D:\\Plone\\1.1\\log\\event.log',
      criticalPattern: 'MemoryError|ConflictError: database conflict|NotFound # not a comment',
    });
  });
});

describe('config show', () => {
  const shown = showConfig(old.document);
  const valueOf = (section: string, key: string) => shown.find((each) => each.section === section)?.values.find((each) => each.key === key);

  test('gives each effective value with its line, inherited or default', () => {
    expect(valueOf('zeoclient1.1', 'port')).toMatchObject({ value: '8081', origin: { section: 'zeoclient1.1', line: 49 } });
    expect(valueOf('zeoclient1.1', 'max_process_size')).toMatchObject({ value: '800000', origin: { section: 'DEFAULT', line: 5 } });
    expect(valueOf('zeoclient1.1', 'start_deadline')).toMatchObject({ value: '300', origin: null });
    expect(valueOf('zeoclient1.1', 'pid_file')?.value).toBe('D:\\Plone\\1.1\\var\\Z2.pid');
  });

  test('hides the password', () => {
    expect(valueOf('connect', 'passwd')).toMatchObject({ value: '[redacted]', origin: { section: 'connect', line: 26 } });
    expect(JSON.stringify(shown)).not.toContain('ab;cd');
  });
});

describe('config show --raw', () => {
  const raw = (text: string, secrets = false) => JSON.parse(JSON.stringify(rawConfig(parseIni(text, 'c.ini'), { secrets }))) as unknown;

  test('gives what configparser gives, with [DEFAULT] in every section and under its name', () => {
    expect(raw('[DEFAULT]\na = 1\n[s.t]\nb = %(a)s%%\n[__proto__]\nconstructor = 2\n')).toEqual(
      JSON.parse('{"DEFAULT":{"a":"1"},"s.t":{"b":"1%","a":"1"},"__proto__":{"constructor":"2","a":"1"}}'),
    );
  });

  test('hides a password, what it is made of and what is made of it', () => {
    const file = '[DEFAULT]\npart = x\nother = y\n[connect]\npasswd = %(part)s1\ncopy = <%(passwd)s>\nempty =\n';
    expect(raw(file)).toEqual({
      DEFAULT: { part: '[redacted]', other: 'y' },
      connect: { passwd: '[redacted]', copy: '[redacted]', empty: '', part: '[redacted]', other: 'y' },
    });
    expect(raw(file, true)).toMatchObject({ connect: { passwd: 'x1', copy: '<x1>' } });
  });

  test.each([
    [
      '[s]\njunk\n',
      'c.ini:2: [s] neither a [section] nor "key = value" (a line that continues a value must be indented more than its key)',
    ],
    ['[DEFAULT]\na = %(b)s\n', 'c.ini:2: [DEFAULT] a: %(b)s: there is no key "b" in this section or in [DEFAULT]'],
    ['[DEFAULT]\na = %(b)s\nb = 1\n[s]\nb = %(a)s\n', 'c.ini:5: [s] b: refers to itself: b -> a -> b'],
  ])('is refused where Python raises: %j', (text, message) => {
    expect(() => raw(text)).toThrow(expect.objectContaining({ code: 'config', message }) as Error);
  });
});
