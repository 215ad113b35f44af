import { join } from 'node:path';
import { AppError } from '../../shared/errors.js';
import type { Argv } from '../../shared/ports/exec.js';
import { poundArgv } from './pound-process.js';

/** One cluster on the loopback address: a "web" host with the balancer, an "app" host with a ZEO server and its clients. */
export interface ClusterPlan {
  readonly folder: string;
  readonly publicName: string;
  readonly entity: string;
  readonly controller: { readonly port: number; readonly ini: string; readonly stateDir: string };
  readonly agents: readonly AgentPlan[];
  readonly zeo: ServicePlan;
  readonly clients: readonly ClientPlan[];
  readonly pound: PoundPlan;
}

export interface AgentPlan {
  readonly name: 'web' | 'app';
  readonly ini: string;
  readonly stateDir: string;
}

export interface ServicePlan {
  /** Section in cluster.ini. */
  readonly name: string;
  /** What the service manager calls it. */
  readonly serviceName: string;
  readonly port: number;
  readonly folder: string;
  readonly pidFile: string;
  readonly logFile: string;
}

export interface ClientPlan extends ServicePlan {
  readonly pool: number;
}

export interface PoundPlan extends ServicePlan {
  readonly conf: string;
  readonly control: string;
}

/** How the services of a plan are started: real programs and stand-ins differ in nothing else. */
export interface StartCommands {
  zeo(zeo: ServicePlan): Argv;
  client(client: ClientPlan, plan: ClusterPlan): Argv;
  /** Path of Pound or of what stands in for it, or its name on PATH. */
  readonly poundExe: string;
  /** Another balancer in the place of Pound. */
  readonly balancer?: OtherBalancer;
}

export interface OtherBalancer {
  /** Path of its program, or its name on PATH. */
  readonly exe: string;
  /** Its own keys in cluster.ini. */
  section(plan: ClusterPlan): Readonly<Record<string, string | number>>;
  /** The text of its file. */
  conf(plan: ClusterPlan): string;
  /** It in the foreground, as an absolute command. */
  command(plan: ClusterPlan): Argv;
}

/** The balancer of the plan in the foreground. */
export const balancerCommand = (plan: ClusterPlan, commands: StartCommands): Argv =>
  commands.balancer?.command(plan) ?? poundCommand(plan.pound, commands);

/** Pound in the foreground, as an absolute command. */
export function poundCommand({ conf, pidFile }: PoundPlan, { poundExe }: Pick<StartCommands, 'poundExe'>): Argv {
  const argv = poundArgv(poundExe, conf, pidFile);
  return poundExe.startsWith('/') ? argv : ['/usr/bin/env', ...argv];
}

/** `ports`: as many as `portsNeeded` says. */
export function planCluster(
  size: { readonly clients: number; readonly pools: number },
  folder: string,
  ports: readonly number[],
): ClusterPlan {
  const [controllerPort, zeoPort, poundPort, ...clientPorts] = ports;
  if (controllerPort === undefined || zeoPort === undefined || poundPort === undefined || clientPorts.length < size.clients) {
    throw new AppError('internal', `${ports.length} ports are too few for ${size.clients} clients`);
  }
  const web = join(folder, 'web');
  const app = join(folder, 'app');
  const control = join(web, 'pound.sock');
  if (Buffer.byteLength(control) > MAX_SOCKET_PATH) {
    throw new AppError('unsupported', `the socket path ${control} is longer than ${MAX_SOCKET_PATH} bytes`, {
      hint: 'set TMPDIR to a shorter folder',
    });
  }
  const service = (name: string, serviceName: string, port: number, home: string, pid: string, log: string): ServicePlan => ({
    name,
    serviceName,
    port,
    folder: home,
    pidFile: join(home, pid),
    logFile: join(home, 'log', log),
  });
  return {
    folder,
    publicName: 'www.example.org',
    entity: 'site',
    controller: { port: controllerPort, ini: join(folder, 'cluster.ini'), stateDir: join(folder, 'state') },
    agents: [
      { name: 'web', ini: join(web, 'agent.ini'), stateDir: join(web, 'state') },
      { name: 'app', ini: join(app, 'agent.ini'), stateDir: join(app, 'state') },
    ],
    zeo: service('zeo', 'ZEO', zeoPort, join(app, 'zeo'), 'ZEO.pid', 'zeo.log'),
    clients: clientPorts.slice(0, size.clients).map((port, i) => {
      const { pool, number } = placeOf(i, size);
      const name = `${pool}.${number}`;
      return { ...service(`zeoclient${name}`, `Zope_${name}`, port, join(app, `client${name}`), 'Z4.pid', 'event.log'), pool };
    }),
    pound: { ...service('pound', 'Pound', poundPort, web, 'pound.pid', 'pound.log'), conf: join(web, 'pound.cfg'), control },
  };
}

export const portsNeeded = (clients: number): number => clients + 3;

/** URL of the site as the balancer gets it, from a cache that rewrites. */
export const siteUrl = (plan: ClusterPlan, path = ''): string =>
  `http://127.0.0.1:${plan.pound.port}/VirtualHostBase/http/${plan.publicName}:80/${plan.entity}/VirtualHostRoot/${path}`;

/** `sun_path` holds 108 bytes with its final zero. */
const MAX_SOCKET_PATH = 107;

/** Pools of neighbours, as even as can be: five clients in two pools are 1.1 1.2 1.3 2.1 2.2. */
function placeOf(index: number, { clients, pools }: { clients: number; pools: number }): { pool: number; number: number } {
  const large = clients % pools;
  const small = Math.floor(clients / pools);
  const inLarge = large * (small + 1);
  if (index < inLarge) return { pool: Math.floor(index / (small + 1)) + 1, number: (index % (small + 1)) + 1 };
  return { pool: large + Math.floor((index - inLarge) / small) + 1, number: ((index - inLarge) % small) + 1 };
}
