import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, isAbsolute } from 'node:path';
import { balancerCommand, type ClusterPlan, type StartCommands } from './cluster-plan.js';
import { formatCommand, formatIni, type IniSections } from './ini-file.js';

/** Keys that differ from the plain file, by section of cluster.ini. */
export type Settings = IniSections;

/** Writes cluster.ini, both agent.ini and pound.cfg, and makes the folders that they name. */
export async function writeClusterFiles(plan: ClusterPlan, commands: StartCommands, settings: Settings = {}): Promise<void> {
  const files = clusterFiles(plan, commands, settings);
  const folders = [
    plan.controller.stateDir,
    ...plan.agents.map((a) => a.stateDir),
    ...logFolders(plan),
    ...Object.keys(files).map(dirname),
  ];
  for (const folder of new Set(folders)) await mkdir(folder, { recursive: true, mode: 0o700 });
  for (const [path, text] of Object.entries(files)) await writeFile(path, text, { mode: 0o600 });
}

/** The files of a cluster: path → text. */
export function clusterFiles(plan: ClusterPlan, commands: StartCommands, settings: Settings = {}): Readonly<Record<string, string>> {
  const sections = merge(clusterSections(plan, commands), settings);
  return {
    [plan.controller.ini]: formatIni(
      'The whole cluster, as its controller reads it. This one runs on one machine, as two hosts.',
      sections,
    ),
    ...Object.fromEntries(
      plan.agents.map((agent) => [agent.ini, formatIni(`What host "${agent.name}" allows.`, agentSections(plan, agent, commands))]),
    ),
    [plan.pound.conf]: commands.balancer?.conf(plan) ?? poundConf(plan, sections[plan.pound.name]?.control !== ''),
  };
}

const logFolders = (plan: ClusterPlan) => [plan.zeo, plan.pound, ...plan.clients].map((service) => dirname(service.logFile));

function clusterSections(plan: ClusterPlan, { poundExe, balancer }: StartCommands): IniSections {
  const { zeo, pound, clients } = plan;
  const poundKeys = { type: 'Pound', conf: pound.conf, control: pound.control, exe: poundExe, drain: 20, drain_quiet: 1 };
  const loopback = { ip: '127.0.0.1', service_manager: 'command' };
  return {
    DEFAULT: {
      timeout: 10,
      logfile: 'ctl.log',
      lock_file: 'ctl.lock',
      critical_errors: 'MemoryError|ClientStorageError',
      start_deadline: 60,
      stop_deadline: 20,
    },
    cluster: { zeoclients: clients.map((c) => c.name).join(', '), frontend: `${zeo.name}, ${pound.name}`, min_active: 1 },
    connect: { login: 'admin', passwd: 'secret', public_name: plan.publicName, entity: plan.entity },
    feedcache: { url: ['/news', '/contact'], concurrency: 2 },
    controller: { address: `127.0.0.1:${plan.controller.port}`, state_dir: plan.controller.stateDir },
    [zeo.name]: {
      type: 'ZeoServer',
      machine: 'app',
      ...loopback,
      port: zeo.port,
      service_name: zeo.serviceName,
      pid_file: zeo.pidFile,
      storage: 1,
    },
    [pound.name]: {
      ...{ machine: 'web', ...loopback, port: pound.port, service_name: pound.serviceName, pid_file: pound.pidFile },
      ...(balancer?.section(plan) ?? poundKeys),
    },
    ...Object.fromEntries(
      clients.map((client) => [
        client.name,
        {
          ...{ type: 'ZeoClient', machine: 'app', ...loopback, port: client.port, pool: client.pool, service_name: client.serviceName },
          ...{ pid_file: client.pidFile, log_file: client.logFile, depends: zeo.name },
        },
      ]),
    ),
  };
}

function agentSections(plan: ClusterPlan, agent: ClusterPlan['agents'][number], commands: StartCommands): IniSections {
  const exe = commands.balancer?.exe ?? commands.poundExe;
  const starts =
    agent.name === 'web'
      ? [[plan.pound.serviceName, balancerCommand(plan, commands)] as const]
      : [
          [plan.zeo.serviceName, commands.zeo(plan.zeo)] as const,
          ...plan.clients.map((c) => [c.serviceName, commands.client(c, plan)] as const),
        ];
  return {
    agent: { name: agent.name, controller: `127.0.0.1:${plan.controller.port}`, state_dir: agent.stateDir },
    allow: {
      services: agent.name === 'web' ? plan.pound.serviceName : 'Zope_*, ZEO',
      paths: [dirname(agent.ini), ...(agent.name === 'web' && isAbsolute(exe) ? [exe] : [])].join(', '),
      actions: 'start stop log rotate balancer purge',
    },
    ...Object.fromEntries(starts.map(([name, start]) => [`command ${name}`, { start: formatCommand(start) }])),
  };
}

function merge(sections: IniSections, settings: Settings): IniSections {
  const names = [...new Set([...Object.keys(sections), ...Object.keys(settings)])];
  return Object.fromEntries(names.map((name) => [name, { ...sections[name], ...settings[name] }]));
}

/** `Client` is long: a browser may be silent on its connection for the whole of a roll. Workers are many: each kept connection holds one. */
function poundConf(plan: ClusterPlan, withControl: boolean): string {
  const backends = plan.clients.map((client) => [
    `\t\t# ${client.name}`,
    '\t\tBackEnd',
    '\t\t\tAddress 127.0.0.1',
    `\t\t\tPort ${client.port}`,
    '\t\tEnd',
  ]);
  return [
    '# The balancer in front of the clients.',
    'Daemon off',
    'LogFacility -',
    'LogLevel 1',
    'Client 300',
    'TimeOut 60',
    'Alive 5',
    'WorkerMinCount 64',
    'WorkerMaxCount 256',
    ...(withControl ? [`Control "${plan.pound.control}"`] : []),
    '',
    'ListenHTTP "main"',
    '\tAddress 127.0.0.1',
    `\tPort ${plan.pound.port}`,
    '\tService "zope"',
    ...backends.flat(),
    '\tEnd',
    'End',
    '',
  ].join('\n');
}
