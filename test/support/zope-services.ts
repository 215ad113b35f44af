import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { ClientPlan, ClusterPlan, ServicePlan, StartCommands } from '../../deploy/demo/cluster-plan.js';
import { AppError } from '../../shared/errors.js';
import { exec, type Argv } from '../../shared/ports/exec.js';
import type { ZopeEnvironment } from './zope-env.js';

/** How real Zope clients and a real ZEO server are started; their instances have to be made first. */
export function zopeCommands({ python, script }: ZopeEnvironment): Omit<StartCommands, 'poundExe'> {
  return {
    zeo: ({ folder }) => [python, script('runzeo'), '-C', join(folder, 'zeo.conf')],
    client: ({ folder }) => ['/usr/bin/env', `PYTHONPATH=${FILES}`, python, script('runwsgi'), join(folder, 'etc', 'zope.ini')],
  };
}

/** Makes an instance of each client as an administrator would (mkwsgiinstance, then its own port and database), and a ZEO server with a small site. */
export async function makeZopeInstances(
  plan: ClusterPlan,
  environment: ZopeEnvironment,
  signal: AbortSignal,
  site: { readonly sections: number } = { sections: 0 },
): Promise<void> {
  const { python, script } = environment;
  const makeInstance = async (client: ClientPlan) => {
    await mkdir(dirname(client.logFile), { recursive: true });
    await run([python, script('mkwsgiinstance'), '-d', client.folder, '-u', 'admin:secret', '-p', python], signal);
    // The database has its user. Instances that start together and each add theirs would end with a conflict.
    await rm(join(client.folder, 'inituser'));
    await writeFile(join(client.folder, 'etc', 'zope.conf'), zopeConf(client, plan.zeo));
    const ini = join(client.folder, 'etc', 'zope.ini');
    await writeFile(ini, adaptIni(await readFile(ini, 'utf8'), client));
  };
  await Promise.all([makeZeo(plan, environment, signal, site.sections), ...plan.clients.map(makeInstance)]);
}

const FILES = join(import.meta.dirname, 'zope');

async function makeZeo({ zeo }: ClusterPlan, { python, script }: ZopeEnvironment, signal: AbortSignal, sections: number): Promise<void> {
  await mkdir(join(zeo.folder, 'var'), { recursive: true });
  await mkdir(dirname(zeo.logFile), { recursive: true });
  await writeFile(join(zeo.folder, 'zeo.conf'), zeoConf(zeo));
  const seedConf = join(zeo.folder, 'seed.conf');
  await writeFile(seedConf, databaseConf(zeo.folder, 'filestorage', [`path ${dataFile(zeo)}`]));
  await run(['/usr/bin/env', `CTL_SECTIONS=${sections}`, python, script('zconsole'), 'run', seedConf, join(FILES, 'seed.py')], signal);
}

const dataFile = (zeo: ServicePlan) => join(zeo.folder, 'var', 'Data.fs');

function zeoConf(zeo: ServicePlan): string {
  return [
    ...['<zeo>', `  address 127.0.0.1:${zeo.port}`, `  pid-filename ${zeo.pidFile}`, '</zeo>'],
    ...['<filestorage 1>', `  path ${dataFile(zeo)}`, '</filestorage>'],
    ...[
      '<eventlog>',
      '  level info',
      '  <logfile>',
      `    path ${zeo.logFile}`,
      '    format %(asctime)s %(message)s',
      '  </logfile>',
      '</eventlog>',
      '',
    ],
  ].join('\n');
}

function zopeConf(client: ClientPlan, zeo: ServicePlan): string {
  const storage = [`server 127.0.0.1:${zeo.port}`, 'storage 1', `var ${join(client.folder, 'var')}`];
  return databaseConf(client.folder, 'zeoclient', storage, `pid-filename ${client.pidFile}\n`);
}

function databaseConf(instance: string, storage: string, lines: readonly string[], more = ''): string {
  const section = [`  <${storage}>`, ...lines.map((line) => `    ${line}`), `  </${storage}>`];
  return [`instancehome ${instance}\n${more}<zodb_db main>`, '  mount-point /', ...section, '</zodb_db>', ''].join('\n');
}

/** The file that mkwsgiinstance wrote, with a port and logs of its own and the test's filter first in the pipeline. */
function adaptIni(text: string, client: ClientPlan): string {
  const log = dirname(client.logFile);
  const changes: [RegExp, string][] = [
    [/^port = \d+$/m, `port = ${client.port}\nthreads = 4`],
    [/^args = \(r'.*Z4\.log'/m, `args = (r'${join(log, 'Z4.log')}'`],
    [/^args = \(r'.*event\.log'/m, `args = (r'${client.logFile}'`],
    [
      /^\[pipeline:main\]\npipeline =\n/m,
      `[filter:pages]\nuse = call:ctl_pages:filter_factory\nname = ${client.name}\n\n[pipeline:main]\npipeline =\n    pages\n`,
    ],
  ];
  return changes.reduce((ini, [pattern, replacement]) => {
    if (!pattern.test(ini)) throw new AppError('unsupported', `zope.ini of mkwsgiinstance has nothing like ${pattern.source}`);
    return ini.replace(pattern, replacement);
  }, text);
}

async function run(argv: Argv, signal: AbortSignal): Promise<void> {
  const { code, stderr } = await exec(argv, { timeoutMs: 120_000, signal });
  if (code !== 0)
    throw new AppError('failed', `${argv.slice(0, 3).join(' ')} ended with ${code ?? 'a signal'}: ${stderr.trim().slice(-1000)}`);
}
