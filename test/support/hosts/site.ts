import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '../../../shared/errors.js';
import { measured, unmeasured, type Measured } from '../../../shared/model/observation.js';
import { exec, type Argv } from '../../../shared/ports/exec.js';
import type { ZopeEnvironment } from '../zope-env.js';
import type { Host } from './host.js';
import type { Stage } from './stage.js';

/** What an administrator has before ctl comes: ZEO, Pound and Zope as units of systemd, each on its host, and a site in the database. */
export interface Site {
  /** Folders that the hosts need to be able to read. */
  readonly readOnly: readonly string[];
  /** Lays it out and starts it. */
  start(stage: Stage, hosts: SiteHosts): Promise<void>;
}

export interface SiteHosts {
  readonly zeo: string;
  readonly pound: string;
  readonly zopes: readonly string[];
}

/** `poundExe`: path of a Pound that needs nothing of the system. */
export async function findSite(zope: ZopeEnvironment, poundExe: string, signal: AbortSignal): Promise<Measured<Site>> {
  if (!poundExe.startsWith('/')) return unmeasured(`the ${poundExe} of this system cannot be taken to another one`);
  const python = await say([zope.python, '-c', 'import sys; print(sys.base_prefix); print(sys.prefix)'], signal);
  const prefixes = python.trim().split('\n');
  if (prefixes.includes('/usr')) return unmeasured('the Python of this system cannot be taken to another one');
  return measured<Site>({
    readOnly: [...prefixes, join(poundExe, '..'), `${FILES}:/usr/share/site`],
    async start(stage, hosts) {
      await seed(stage, zope, signal);
      await Promise.all([
        startZeo(stage, zope, hosts),
        startPound(stage, poundExe, hosts),
        ...hosts.zopes.map((name) => layOutZope(stage.host(name), zope, stage.host(hosts.zeo))),
      ]);
      await Promise.all(hosts.zopes.map((name) => stage.host(name).say('systemctl start zope')));
    },
  });
}

const FILES = join(import.meta.dirname, '../zope');

/** Into the home of no host: the database of the site, with its few pages. */
async function seed(stage: Stage, { python, script }: ZopeEnvironment, signal: AbortSignal): Promise<void> {
  const folder = join(stage.folder, 'seed');
  await mkdir(folder);
  await writeFile(join(folder, 'seed.conf'), database(folder, ['<filestorage>', `path ${join(folder, 'Data.fs')}`, '</filestorage>']));
  await say([python, script('zconsole'), 'run', join(folder, 'seed.conf'), join(FILES, 'seed.py')], signal);
}

async function startZeo(stage: Stage, { python, script }: ZopeEnvironment, hosts: SiteHosts): Promise<void> {
  const host = stage.host(hosts.zeo);
  await host.say('mkdir -p /srv/zeo/var /srv/zeo/log');
  await say(['cp', join(stage.folder, 'seed', 'Data.fs'), host.systemd.path('/srv/zeo/var/Data.fs')], AbortSignal.timeout(10_000));
  await rm(join(stage.folder, 'seed'), { recursive: true });
  await host.write({
    '/srv/zeo/zeo.conf': [
      ...['<zeo>', `address ${host.ip}:8100`, 'pid-filename /srv/zeo/var/ZEO.pid', '</zeo>'],
      ...['<filestorage 1>', 'path /srv/zeo/var/Data.fs', '</filestorage>'],
      ...['<eventlog>', 'level info', '<logfile>', 'path /srv/zeo/log/zeo.log', '</logfile>', '</eventlog>', ''],
    ].join('\n'),
    '/etc/systemd/system/zeo.service': unit([`ExecStart=${python} ${script('runzeo')} -C /srv/zeo/zeo.conf`]),
  });
  await host.say('systemctl daemon-reload; systemctl start zeo');
}

async function startPound(stage: Stage, exe: string, hosts: SiteHosts): Promise<void> {
  const host = stage.host(hosts.pound);
  const backends = hosts.zopes.flatMap((name) => ['    BackEnd', `      Address ${stage.host(name).ip}`, '      Port 8080', '    End']);
  await host.write({
    '/etc/pound/pound.cfg': [
      ...['Daemon off', 'LogFacility -', 'LogLevel 1', 'Client 300', 'TimeOut 60', 'Alive 5', 'WorkerMinCount 64', 'WorkerMaxCount 256'],
      ...['Control "/run/pound/pound.sock"', '', 'ListenHTTP "main"', '  Address 0.0.0.0', '  Port 80', '  Service "zope"'],
      ...[...backends, '  End', 'End', ''],
    ].join('\n'),
    '/etc/systemd/system/pound.service': unit([
      'RuntimeDirectory=pound',
      'ExecStart=/usr/sbin/pound -F -e -p /run/pound/pound.pid -f /etc/pound/pound.cfg',
    ]),
  });
  await host.write({ '/usr/sbin/pound': `#!/bin/sh\nexec ${exe} "$@"\n` }, 0o755);
  await host.say('systemctl daemon-reload; systemctl start pound');
}

async function layOutZope(host: Host, { python, script }: ZopeEnvironment, zeo: Host): Promise<void> {
  await host.say('mkdir -p /srv/zope/etc /srv/zope/var /srv/zope/log');
  const storage = ['<zeoclient>', `server ${zeo.ip}:8100`, 'storage 1', 'var /srv/zope/var', '</zeoclient>'];
  await host.write({
    '/srv/zope/etc/zope.conf': `pid-filename /srv/zope/var/Z4.pid\n${database('/srv/zope', storage)}`,
    '/srv/zope/etc/zope.ini': wsgiIni(host),
    '/etc/systemd/system/zope.service': unit([
      'Environment=PYTHONPATH=/usr/share/site PYTHONDONTWRITEBYTECODE=1',
      `ExecStart=${python} ${script('runwsgi')} /srv/zope/etc/zope.ini`,
    ]),
  });
  await host.say('systemctl daemon-reload');
}

const wsgiIni = ({ name }: Host): string =>
  [
    ...['[app:zope]', 'use = egg:Zope#main', 'zope_conf = %(here)s/zope.conf', ''],
    ...['[server:main]', 'use = egg:waitress#main', 'listen = 0.0.0.0:8080', 'threads = 4', ''],
    ...['[filter:pages]', 'use = call:ctl_pages:filter_factory', `name = ${name}`, ''],
    ...['[pipeline:main]', 'pipeline = pages egg:Zope#httpexceptions zope', ''],
    ...['[loggers]', 'keys = root', '[handlers]', 'keys = events', '[formatters]', 'keys = message', ''],
    ...['[logger_root]', 'level = INFO', 'handlers = events', ''],
    ...['[handler_events]', 'class = FileHandler', "args = ('/srv/zope/log/event.log', 'a')", 'level = INFO', 'formatter = message', ''],
    ...['[formatter_message]', 'format = %(asctime)s %(levelname)-7.7s [%(name)s:%(lineno)s][%(threadName)s] %(message)s', ''],
  ].join('\n');

const database = (instance: string, storage: readonly string[]): string =>
  [`instancehome ${instance}`, '<zodb_db main>', 'mount-point /', ...storage, '</zodb_db>', ''].join('\n');

const unit = (lines: readonly string[]): string => ['[Service]', ...lines, ''].join('\n');

async function say(argv: Argv, signal: AbortSignal): Promise<string> {
  const { code, stdout, stderr } = await exec(argv, { timeoutMs: 60_000, signal });
  if (code !== 0)
    throw new AppError('failed', `${argv.slice(0, 3).join(' ')} ended with ${code ?? 'a signal'}: ${stderr.trim().slice(-1000)}`);
  return stdout;
}
