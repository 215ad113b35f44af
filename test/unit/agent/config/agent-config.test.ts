import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parseAgentConfig } from '../../../../agent/config/config.js';
import { loadAgentConfig } from '../../../../agent/config/load.js';
import { formatProblem } from '../../../../shared/ini/ini.js';

const SPECIFIED = `[agent]
name = web1                     ; must equal the certificate's name, and \`machine\` in cluster.ini
controller = ctl.example.org:7400
state_dir = /var/lib/ctl-agent
[allow]
services = Zope_*, Pound        ; service_name globs
paths = /srv/zope/*/log, /srv/archive, /etc/pound/pound.cfg
actions = start stop log rotate balancer purge
[command Zope_1]                ; for service_manager = command
start = /srv/zope/1/bin/instance start
stop = /srv/zope/1/bin/instance stop
user = zope
`;

const problemsOf = (text: string) =>
  parseAgentConfig(text, 'agent.ini').problems.map((problem) => `${problem.severity} ${formatProblem(problem)}`);

describe('agent.ini', () => {
  test('is read as the specification writes it', () => {
    const { config, problems } = parseAgentConfig(SPECIFIED, 'agent.ini');
    expect(problems).toEqual([]);
    expect(config).toEqual({
      file: 'agent.ini',
      name: 'web1',
      controller: 'ctl.example.org:7400',
      stateDir: '/var/lib/ctl-agent',
      allow: {
        services: { patterns: ['Zope_*', 'Pound'], line: 6 },
        paths: { patterns: ['/srv/zope/*/log', '/srv/archive', '/etc/pound/pound.cfg'], line: 7 },
        actions: { patterns: ['start', 'stop', 'log', 'rotate', 'balancer', 'purge'], line: 8 },
      },
      commands: new Map([
        ['Zope_1', { start: ['/srv/zope/1/bin/instance', 'start'], stop: ['/srv/zope/1/bin/instance', 'stop'], user: 'zope' }],
      ]),
      warnings: [],
    });
  });

  test('allows nothing that it does not mention', () => {
    const { config } = parseAgentConfig('[agent]\nname = a\ncontroller = unix:/run/ctl.sock\n', 'agent.ini');
    expect(config?.allow).toEqual({
      services: { patterns: [], line: null },
      paths: { patterns: [], line: null },
      actions: { patterns: [], line: null },
    });
    expect(config?.stateDir).toBe('/var/lib/ctl-agent');
  });

  test.each([
    ['[supervisor]\n', '/run/supervisor.sock'],
    ['[supervisor]\nsocket = /srv/zope/supervisor.sock\n', '/srv/zope/supervisor.sock'],
  ])('drives the supervisor of %j', (section, socket) => {
    expect(parseAgentConfig(`[agent]\nname = a\ncontroller = unix:/run/ctl.sock\n${section}`, 'agent.ini').config?.supervisor).toEqual({
      socket,
    });
  });

  test('names a socket of supervisor that has no absolute path', () => {
    expect(problemsOf('[agent]\nname = a\ncontroller = unix:/c\n[supervisor]\nsocket = sock\n')).toEqual([
      'error agent.ini:5: [supervisor] socket: "sock" is not an absolute path',
    ]);
  });

  test('tells all that is wrong at once', () => {
    const file = `[agent]
nmae = web1
controller = ctl.example.org
state_dir = var
[allow]
paths = log /srv/../etc "/srv/**"
actions = start stopp fly
services = "Zope
[command Zope_1]
stop = x
[alow]
`;
    expect(problemsOf(file)).toEqual([
      'error agent.ini:1: [agent] name: is missing (the name of this host, as "machine" in cluster.ini)',
      'warning agent.ini:2: [agent] nmae: unknown key (did you mean "name"?)',
      'error agent.ini:3: [agent] controller: "ctl.example.org" is not host:port or unix:/path',
      'error agent.ini:4: [agent] state_dir: "var" is not an absolute path',
      'error agent.ini:6: [allow] paths: "log" is not an absolute path',
      'error agent.ini:6: [allow] paths: "/srv/../etc" holds ".."',
      'error agent.ini:6: [allow] paths: "/srv/**" holds "**" (what is below an allowed folder is allowed)',
      'error agent.ini:7: [allow] actions: unknown action "stopp" (did you mean "stop"?)',
      'error agent.ini:7: [allow] actions: unknown action "fly" (actions are start stop log rotate balancer purge)',
      'error agent.ini:8: [allow] services: a double quote is not closed',
      'error agent.ini:9: [command Zope_1] start: is missing',
      'warning agent.ini:11: [alow] unknown section: it is ignored (did you mean "allow"?)',
    ]);
  });

  test('without a section [agent] says what is missing', () => {
    expect(problemsOf('')).toEqual([
      'error agent.ini: [agent] name: is missing (the name of this host, as "machine" in cluster.ini)',
      'error agent.ini: [agent] controller: is missing ("address" of [controller] in cluster.ini)',
    ]);
  });
});

describe('loading agent.ini', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'agent-ini-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  test('keeps the warnings with the configuration', async () => {
    const path = join(folder, 'agent.ini');
    await writeFile(path, `${SPECIFIED}shell = /bin/sh\n`);
    const { warnings } = await loadAgentConfig(path);
    expect(warnings.map(formatProblem)).toEqual([`${path}:13: [command Zope_1] shell: unknown key`]);
  });

  test('rejects with one line for each error', async () => {
    const path = join(folder, 'agent.ini');
    await writeFile(path, '[agent]\nname = a b\ncontroller = x:99999\n');
    await expect(loadAgentConfig(path)).rejects.toMatchObject({
      code: 'config',
      message: `${path}:2: [agent] name: "a b" holds a blank\n${path}:3: [agent] controller: "x:99999" is not host:port or unix:/path`,
    });
  });

  test.each([
    ['a NUL', Buffer.from('[agent]\0'), ':1: holds a NUL byte'],
    [
      'another encoding',
      Buffer.from('[agent]\nname = \xe4', 'latin1'),
      ':2: not UTF-8 (save the file as UTF-8; it may be in Windows-1252 or Latin-1)',
    ],
    ['too much', Buffer.alloc(1024 * 1024 + 1, '#'), ': larger than 1 MiB (is this the right file?)'],
  ])('refuses a file that holds %s', async (_, content, message) => {
    const path = join(folder, 'agent.ini');
    await writeFile(path, content);
    await expect(loadAgentConfig(path)).rejects.toMatchObject({ code: 'config', message: `${path}${message}` });
  });

  test('names a file that is not there, or is none', async () => {
    await expect(loadAgentConfig(join(folder, 'none.ini'))).rejects.toMatchObject({
      code: 'config',
      message: expect.stringContaining('no such file') as string,
    });
    await expect(loadAgentConfig(folder)).rejects.toMatchObject({ code: 'config', message: `${folder}: can't be read: not a file` });
  });
});
