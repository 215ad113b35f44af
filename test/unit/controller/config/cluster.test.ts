import { chmod, mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { loadCluster } from '../../../../controller/config/load.js';
import { parseCluster } from '../../../../controller/config/parse.js';
import { DEFAULT_READY_PATTERN } from '../../../../controller/config/schema/services.js';
import { formatProblem } from '../../../../shared/ini/ini.js';

const CLIENT = '[c1]\ntype = ZeoClient\nmachine = web1\nip = 10.0.0.1\nport = 8081\nservice_name = Zope_1\n';
const POUND = '[pound]\ntype = Pound\nmachine = front\nip = 10.0.0.9\nport = 80\nservice_name = Pound\nconf = /etc/pound.cfg\n';
const SMALL = `[cluster]\nzeoclients = c1\nfrontend = pound\n${POUND}${CLIENT}`;

const parse = (text: string, path = '/etc/ctl/cluster.ini') => parseCluster(text, path, { file: 'cluster.ini' });
const configOf = (text: string, path?: string) => {
  const { config, problems } = parse(text, path);
  if (config === null) throw new Error(problems.map(formatProblem).join('\n'));
  return config;
};
const problemsOf = (text: string) => parse(text).problems.map((problem) => `${problem.severity} ${formatProblem(problem)}`);

describe('a small cluster', () => {
  test('gets the defaults of the schema, in milliseconds and kB', () => {
    const config = configOf(SMALL);
    expect(problemsOf(SMALL)).toEqual([]);
    expect(config).toMatchObject({
      path: '/etc/ctl/cluster.ini',
      cluster: { minActive: 1, maxFail: 0, batch: { kind: 'auto' } },
      feedcache: { urls: [], concurrency: 4 },
      controller: { address: null, stateDir: '/etc/ctl/.ctl', heartbeatMs: 5000 },
      lockFile: '/etc/ctl/ctl.lock',
      logFile: '/etc/ctl/ctl.log',
    });
    expect(config.clients).toEqual([
      {
        spec: { name: 'c1', type: 'ZeoClient', serviceName: 'Zope_1', manager: 'auto', ip: '10.0.0.1', port: 8081 },
        ...{ host: 'web1', timeoutMs: 10_000, startDeadlineMs: 300_000, stopDeadlineMs: 120_000, maxProcessSizeKb: 0 },
        ...{ command: null, drain: null, url: '/', checkFrom: 'controller', depends: [], pool: 1 },
      },
    ]);
    expect(config.frontends[0]).toMatchObject({
      spec: { balancer: { kind: 'pound', conf: '/etc/pound.cfg', control: '', exe: '', apply: 'auto', sessions: 'delete' } },
      drain: { drainMs: 30_000, quietMs: 5_000, timeToSleepMs: 20_000 },
    });
  });

  test('a service has its own value, else that of [DEFAULT]', () => {
    const config = configOf(`[DEFAULT]\ntimeout = 5\nmax_process_size = 100\n${SMALL}max_process_size = 200\nlog_file = /l\n`);
    expect(config.clients[0]).toMatchObject({ timeoutMs: 5000, maxProcessSizeKb: 200 });
    expect(config.frontends[0]).toMatchObject({ timeoutMs: 5000, maxProcessSizeKb: 100 });
    expect(config.clients[0]?.spec.log).toEqual({
      file: '/l',
      readyPattern: DEFAULT_READY_PATTERN,
      criticalPattern: '',
      ignorePattern: '',
    });
  });

  test('an empty value stands for the default', () => {
    expect(configOf(`[DEFAULT]\ntimeout =\n${SMALL}pool =\n`).clients[0]).toMatchObject({ timeoutMs: 10_000, pool: 1 });
  });

  test('a ZeoClient under "frontend" is a management client outside the pools', () => {
    const config = configOf(
      SMALL.replace('frontend = pound', 'frontend = pound, m') + CLIENT.replace('c1', 'm').replace('8081', '8090').replace('Zope_1', 'M'),
    );
    expect(config.clients.map((client) => client.spec.name)).toEqual(['c1']);
    expect(config.frontends.map((service) => service.spec.name)).toEqual(['pound', 'm']);
  });

  test('a ZEO server needs no list, and what a service depends on belongs to the cluster', () => {
    const zeo = CLIENT.replace('c1', 'zeo').replace('ZeoClient', 'ZeoServer').replace('8081', '8100').replace('Zope_1', 'zeo');
    const dns = CLIENT.replace('c1', 'dns').replace('ZeoClient', 'TCPServer').replace('8081', '53').replace('Zope_1', 'dns');
    const config = configOf(`${SMALL}${zeo}depends = dns\n${dns}`);
    expect([...config.services.keys()]).toEqual(['c1', 'pound', 'zeo', 'dns']);
  });

  test.each([
    ['auto', { kind: 'auto' }],
    ['pool', { kind: 'pool' }],
    ['2', { kind: 'count', count: 2 }],
    ['50 %%', { kind: 'percent', percent: 50 }],
  ])('batch = %s', (written, batch) => {
    expect(configOf(SMALL.replace('[cluster]', `[cluster]\nbatch = ${written}`)).cluster.batch).toEqual(batch);
  });

  test('[supervisor] says where embedded mode finds it; with a type it is a service of that name', () => {
    expect(configOf(SMALL).supervisorSocket).toBeNull();
    expect(configOf(`${SMALL}\n[supervisor]\n`).supervisorSocket).toBe('/run/supervisor.sock');
    expect(configOf(`${SMALL}\n[supervisor]\nsocket = /srv/s.sock\n`).supervisorSocket).toBe('/srv/s.sock');
    const service = parseCluster(`${SMALL}\n[supervisor]\ntype = TCPServer\n`, '/etc/ctl/cluster.ini');
    expect(service.config?.supervisorSocket).toBeNull();
    expect(service.problems.map(({ message }) => message)).toContain('nothing refers to this section: it is ignored');
  });

  test('commands of embedded mode belong to the service that has their name', () => {
    const config = configOf(`${SMALL}service_manager = command\n[command Zope_1]\nstart = "C:\\Program Files\\z.exe" start\nuser = zope\n`);
    expect(config.clients[0]?.command).toEqual({ start: ['C:\\Program Files\\z.exe', 'start'], stop: null, user: 'zope' });
  });

  test.each([
    ['/etc/ctl/cluster.ini', 'log/ctl.log', '/etc/ctl/log/ctl.log'],
    ['/etc/ctl/cluster.ini', '../log/./x', '/etc/log/x'],
    ['/cluster.ini', '../../x', '/x'],
    ['/etc/ctl/cluster.ini', '/var/log/x', '/var/log/x'],
    ['C:\\ctl\\cluster.ini', 'log\\x', 'C:\\ctl\\log\\x'],
    ['C:\\ctl\\cluster.ini', 'D:\\x', 'D:\\x'],
    ['/etc/ctl/cluster.ini', 'C:\\zope\\ctl.log', '/etc/ctl/ctl.log'],
  ])('beside %s the log %s is %s', (path, written, resolved) => {
    expect(configOf(`[DEFAULT]\nlogfile = ${written}\n${SMALL}`, path).logFile).toBe(resolved);
  });

  test('patterns of Python become patterns of JavaScript', () => {
    const config = configOf(`[DEFAULT]\ncritical_errors = (?P<e>Memory)Error|\n  \\AFatal\n${SMALL}log_file = /l\n`);
    expect(config.clients[0]?.spec.log?.criticalPattern).toBe('(?<e>Memory)Error|^Fatal');
  });
});

describe('the password', () => {
  const withConnect = (lines: string) => `${SMALL}[connect]\nlogin = admin\n${lines}\n`;

  test('is taken as it is, and prints nowhere', () => {
    const config = configOf(withConnect('passwd = ab;cd#ef"%%\\'));
    expect(config.connect.passwd.reveal()).toBe('ab;cd#ef"%\\');
    expect(`${inspect(config, { depth: 9 })}${JSON.stringify(config)}`).not.toContain('ab;cd');
  });

  test('is in no message, even where its reference is wrong', () => {
    const told = problemsOf(withConnect('passwd = ab%(hush')).concat(problemsOf(withConnect('passwd = ab%(hush)s')));
    expect(told).toHaveLength(2);
    expect(told.join()).not.toContain('hush');
    expect(told[1]).toBe('error cluster.ini:19: [connect] passwd: a reference %(name)s in it cannot be resolved (write %% for a single %)');
  });

  test('comes from the environment', () => {
    const { config } = parseCluster(withConnect('passwd_env = PW'), '/c.ini', {
      secrets: { env: { PW: 'x' }, passwdFile: null, mailPasswordFile: null },
    });
    expect(config?.connect.passwd.reveal()).toBe('x');
    expect(problemsOf(withConnect('passwd_env = PW'))).toEqual([
      'error cluster.ini:19: [connect] passwd_env: the environment has no variable PW',
    ]);
  });
});

describe('loading', () => {
  let folder: string;
  let path: string;
  beforeEach(async () => {
    folder = await realpath(await mkdtemp(join(tmpdir(), 'cluster-ini-')));
    path = join(folder, 'cluster.ini');
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  test('reads passwd_file beside the ini, its first line only', async () => {
    await writeFile(join(folder, 'pw'), 'secret\n# not this\n', { mode: 0o600 });
    await writeFile(path, `${SMALL}[connect]\npasswd_file = pw\n`);
    const { config, problems } = await loadCluster(path);
    expect(problems).toEqual([]);
    expect(config?.connect.passwd.reveal()).toBe('secret');
  });

  test('tells of a passwd_file that is not there', async () => {
    await writeFile(path, `${SMALL}[connect]\npasswd_file = none\n`);
    const { config, problems } = await loadCluster(path);
    expect(config).toBeNull();
    expect(problems.map(formatProblem)).toEqual([expect.stringMatching(/cluster\.ini:18: \[connect\] passwd_file: .*none: no such file/)]);
  });

  test.skipIf(process.platform === 'win32')('warns of a password that every user can read', async () => {
    await writeFile(path, `${SMALL}[connect]\npasswd = x\n`);
    await chmod(path, 0o644);
    expect((await loadCluster(path)).problems.map(formatProblem)).toEqual([
      `${path}:18: [connect] passwd: every user of this machine can read the password (chmod o-r ${path})`,
    ]);
    await chmod(path, 0o640);
    expect((await loadCluster(path)).problems).toEqual([]);
  });

  test('goes by the real path, by which the lock is kept, and speaks of the path that was asked for', async () => {
    await mkdir(join(folder, 'real'));
    await writeFile(join(folder, 'real', 'a.ini'), `${SMALL}pool = x\n`);
    await symlink(join(folder, 'real', 'a.ini'), path);
    expect((await loadCluster(path)).problems.map(formatProblem)).toEqual([`${path}:17: [c1] pool: "x" is not a whole number`]);
    await writeFile(join(folder, 'real', 'a.ini'), SMALL);
    expect((await loadCluster(path)).config).toMatchObject({
      path: join(folder, 'real', 'a.ini'),
      lockFile: join(folder, 'real', 'ctl.lock'),
    });
  });

  test.each([
    ['is not there', async () => undefined, /: no such file/],
    ['is a folder', () => mkdir(path), /: can't be read: not a file$/],
    ['is too large', () => writeFile(path, Buffer.alloc(1024 * 1024 + 1)), /: larger than 1 MiB/],
    ['is not UTF-8', () => writeFile(path, Buffer.from('[a]\nk = \xe9', 'latin1')), /:2: not UTF-8/],
  ])('a file that %s is one problem', async (_, make, message) => {
    await make();
    const { config, problems } = await loadCluster(path);
    expect(config).toBeNull();
    expect(problems.map(formatProblem)).toEqual([expect.stringMatching(message)]);
  });
});
