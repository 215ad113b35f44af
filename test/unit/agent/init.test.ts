import { readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parseAgentConfig } from '../../../agent/config/config.js';
import { PATH_KEYS } from '../../../agent/config/draft.js';
import { loadAgentConfig } from '../../../agent/config/load.js';
import { initAgent } from '../../../agent/init.js';
import { COMMON_KEYS, TYPE_KEYS } from '../../../controller/config/schema/services.js';

const EXAMPLE = fileURLToPath(new URL('../../../deploy/cluster.ini.example', import.meta.url));
const OLD = fileURLToPath(new URL('../../fixtures/config/old-windows.ini', import.meta.url));

let folder: string;
let target: string;
beforeEach(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'ctl-init-')));
  target = join(folder, 'agent.ini');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const init = (machine: string, from = EXAMPLE, ...more: string[]) =>
  initAgent(['--from', from, '--machine', machine, '-c', target, ...more]);
async function fromText(text: string, machine = 'web1') {
  await writeFile(join(folder, 'cluster.ini'), text);
  await init(machine, join(folder, 'cluster.ini'));
  return loadAgentConfig(target);
}

describe('the first agent.ini of a host', () => {
  test('allows what cluster.ini says of that host, and loads without a warning', async () => {
    await init('web1');
    const { name, controller, allow, commands, warnings } = await loadAgentConfig(target);
    expect({ name, controller, commands, warnings }).toEqual({
      name: 'web1',
      controller: '127.0.0.1:7400',
      commands: new Map(),
      warnings: [],
    });
    expect(allow.services.patterns).toEqual(['Zope_1', 'Zope_2']);
    expect(allow.actions.patterns).toEqual(['start', 'stop', 'log', 'rotate']);
    expect(allow.paths.patterns).toEqual([
      '/srv/zope/Zope_1/log/event.log',
      '/srv/zope/Zope_1/var/Z4.pid',
      '/srv/zope/Zope_1/log/Z2.log',
      '/srv/zope/Zope_2/log/event.log',
      '/srv/zope/Zope_2/var/Z4.pid',
      '/srv/zope/Zope_2/log/Z2.log',
    ]);
  });

  test('allows what the proxies of a host need', async () => {
    await init('front');
    const { allow } = await loadAgentConfig(target);
    expect(allow.services.patterns).toEqual(['pound', 'squid']);
    expect(allow.actions.patterns).toEqual(['start', 'stop', 'balancer', 'purge']);
    expect(allow.paths.patterns).toEqual(
      expect.arrayContaining([
        '/etc/pound/pound.cfg',
        '/run/pound/control.sock',
        '/var/spool/squid',
        '/usr/sbin/squid',
        '/etc/squid/squid.conf',
      ]),
    );
  });

  test('is written for hosts of the old Windows tool too, archive of [cluster] included', async () => {
    await init('web1', OLD);
    const text = await readFile(target, 'utf8');
    expect(text).toContain('; cluster.ini has no [controller] address yet: this has to be the same\ncontroller = 127.0.0.1:7400\n');
    const { config, problems } = parseAgentConfig(text, 'agent.ini');
    expect(problems).toEqual([]);
    expect(config?.stateDir).toBe('C:\\ProgramData\\ctl-agent');
    expect(config?.allow.services.patterns).toEqual(['Zope_-12345', 'Zope_-23456']);
    expect(config?.allow.paths.patterns).toEqual([
      'D:\\Plone\\1.1\\log\\event.log',
      'D:\\Plone\\1.1\\var\\Z2.pid',
      'D:\\Plone\\1.1\\log\\Z2.log',
      '\\\\nas\\archive\\zope',
      'D:\\archive',
    ]);
  });

  test('takes the commands of its services over, and no others', async () => {
    const text = `[cluster]\nzeoclients = a\nfrontend =\n[a]\ntype = ZeoClient\nmachine = web1\nservice_name = A b\n[z]\ntype = ZeoClient\nmachine = web1\nservice_name = Z\n[command A b]\nstart = /bin/a "50%% of it"\nuser = zope\n[command Z]\nstart = z\n`;
    const { allow, commands } = await fromText(text);
    expect(allow.services.patterns).toEqual(['A b']);
    expect(commands).toEqual(new Map([['A b', { start: ['/bin/a', '50% of it'], stop: null, user: 'zope' }]]));
  });

  test('allows a path as it is written and as what it really is', async () => {
    await mkdir(join(folder, 'real'));
    await symlink(join(folder, 'real'), join(folder, 'link'));
    const path = join(folder, 'link/event log.log');
    const { allow } = await fromText(
      `[cluster]\nzeoclients = a\n[a]\ntype = ZeoClient\nmachine = web1\nservice_name = A\nlog_file = ${path}\n`,
    );
    expect(allow.paths.patterns).toEqual([path, join(folder, 'real/event log.log')]);
  });

  test('names the socket of supervisord where a service is its program', async () => {
    const config = await fromText(
      '[DEFAULT]\nservice_manager = supervisor\n[cluster]\nzeoclients = a\n[a]\ntype = ZeoClient\nmachine = web1\n',
    );
    expect(config.supervisor).toEqual({ socket: '/run/supervisor.sock' });
  });

  test('knows every key of cluster.ini that names a file of the host', () => {
    const keys = [COMMON_KEYS, ...Object.values(TYPE_KEYS)].flatMap((all) => Object.values(all));
    const paths = new Set(keys.filter(({ type }) => type.name.endsWith(" on the service's host")).map(({ key }) => key));
    expect([...paths].sort()).toEqual([...PATH_KEYS].sort());
  });
});

describe('nothing is written', () => {
  test('over an agent.ini that is there, unless that is forced', async () => {
    await writeFile(target, 'mine');
    await expect(init('web1')).rejects.toMatchObject({
      code: 'usage',
      message: `${target} is there already`,
      hint: 'name another by -c, or replace it with --force',
    });
    expect(readFileSync(target, 'utf8')).toBe('mine');
    await init('web1', EXAMPLE, '--force');
    expect((await loadAgentConfig(target)).name).toBe('web1');
  });

  test.each([
    ['web11', 'did you mean "web1"?'],
    ['nowhere', 'machines are db1, web1, web2, front'],
  ])('for the host %s, which the file does not have', async (machine, hint) => {
    await expect(init(machine)).rejects.toMatchObject({
      code: 'usage',
      message: `${EXAMPLE} has no service with machine = ${machine}`,
      hint,
    });
  });

  test('that would allow something else than what is meant', async () => {
    const text = '[cluster]\nzeoclients = a\n[a]\ntype = ZeoClient\nmachine = web1\nlog_file = /srv/../etc/x\n';
    await expect(fromText(text)).rejects.toMatchObject({ code: 'config', message: expect.stringContaining('holds ".."') as string });
  });

  test.each([
    [['--machine', 'x'], 'init: --from is missing'],
    [['--from', 'x'], 'init: --machine is missing'],
  ])('for a line that says too little: %j', async (argv, message) => {
    await expect(initAgent(argv)).rejects.toMatchObject({ code: 'usage', message });
  });

  test('from a cluster.ini that cannot be read', async () => {
    await expect(init('web1', join(folder, 'none.ini'))).rejects.toMatchObject({ code: 'config' });
    await writeFile(join(folder, 'cluster.ini'), 'junk\n');
    await expect(init('web1', join(folder, 'cluster.ini'))).rejects.toMatchObject({
      code: 'config',
      message: `${join(folder, 'cluster.ini')}:1: stands before the first [section]`,
    });
  });
});
