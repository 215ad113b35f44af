import { readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { AppError } from '../../shared/errors.js';
import type { Argv } from '../../shared/ports/exec.js';
import { balancerCommand, siteUrl, type ClusterPlan, type ServicePlan, type StartCommands } from './cluster-plan.js';
import { openConnection } from './http-connection.js';
import { endProcessesOf } from './leftovers.js';
import { createProcesses, type Finished, type Program, type RunOptions } from './processes.js';
import { until } from './until.js';

/** The programs of the product on one cluster. */
export type ControlName = 'controller' | 'web' | 'app';

/** A cluster that runs: its services as their own manager would have started them, and the product beside them. */
export interface Cluster {
  readonly plan: ClusterPlan;
  readonly url: string;
  /** Aborts when everybody who waits for this cluster should stop. */
  readonly signal: AbortSignal;
  /** ZEO, the clients, the balancer; resolves when the site answers through the balancer. */
  startServices(): Promise<void>;
  /** The controller and its agents; resolves when `ctl check` finds nothing to complain of. */
  startControl(): Promise<void>;
  start(name: ControlName): Promise<Program>;
  program(name: ControlName): Program;
  /** SIGKILL, and resolves when it is gone. */
  kill9(name: ControlName): Promise<void>;
  /** One `ctl` command on this cluster; `-c` is added. */
  ctl(args: readonly string[], options?: Partial<RunOptions>): Promise<Finished>;
  /** The same, not waited for: what it prints can be watched. */
  startCtl(args: readonly string[]): Promise<Program>;
  /** Pid of each client by its pid file. */
  clientPids(): Promise<ReadonlyMap<string, number>>;
  /** Ends all that belongs to the cluster, also what its agents started. The folder stays. */
  end(): Promise<void>;
  /** All runs on when this process ends. */
  leave(): void;
}

export interface ClusterOptions {
  readonly plan: ClusterPlan;
  readonly commands: StartCommands;
  /** Folder of the built programs. */
  readonly dist: string;
  readonly signal: AbortSignal;
}

/** The cluster of a plan whose files have been written. */
export function createCluster({ plan, commands, dist, signal }: ClusterOptions): Cluster {
  const processes = createProcesses(join(plan.folder, 'output'));
  const programs = new Map<ControlName, Program>();
  const url = siteUrl(plan);

  const ctlArgv = (args: readonly string[]): Argv => [process.execPath, join(dist, 'ctl.js'), ...args, '-c', plan.controller.ini];
  const startService = async (service: ServicePlan, argv: Argv, ready: () => Promise<boolean>): Promise<void> => {
    const program = await processes.start(service.serviceName, argv, { cwd: service.folder });
    try {
      await until(`${service.name} to answer`, async () => !program.running() || (await ready()), { timeoutMs: START_MS, signal });
      if (!program.running()) throw new AppError('failed', `${service.name} ended as soon as it had been started`);
    } catch (error) {
      if (signal.aborted) throw error;
      throw new AppError('failed', `${service.name} did not come up`, { cause: error, hint: (await program.output()).slice(-2000) });
    }
  };

  const cluster: Cluster = {
    plan,
    url,
    signal,
    async startServices() {
      const { zeo, clients, pound } = plan;
      await startService(zeo, commands.zeo(zeo), () => accepts(zeo.port));
      await Promise.all(
        clients.map((client) => startService(client, commands.client(client, plan), () => answers(`http://127.0.0.1:${client.port}/`))),
      );
      await startService(pound, balancerCommand(plan, commands), () => answers(url));
    },
    async startControl() {
      await cluster.start('controller');
      await Promise.all([cluster.start('web'), cluster.start('app')]);
      await until('a check without findings', async () => isWell(await cluster.ctl(['check', '--json'])), { timeoutMs: START_MS, signal });
    },
    async start(name) {
      const ini = name === 'controller' ? plan.controller.ini : join(plan.folder, name, 'agent.ini');
      const file = name === 'controller' ? 'ctl-controller.js' : 'ctl-agent.js';
      const program = await processes.start(name, [process.execPath, join(dist, file), '-c', ini], { cwd: plan.folder });
      programs.set(name, program);
      return program;
    },
    program(name) {
      const program = programs.get(name);
      if (program === undefined) throw new AppError('precondition', `${name} was not started`);
      return program;
    },
    async kill9(name) {
      const program = cluster.program(name);
      program.signal('SIGKILL');
      await program.exited;
    },
    ctl: (args, options = {}) =>
      processes.run(ctlArgv(args), {
        timeoutMs: 120_000,
        cwd: plan.folder,
        ...options,
      }),
    startCtl: (args) => processes.start('ctl', ctlArgv(args), { cwd: plan.folder }),
    async clientPids() {
      return new Map(await Promise.all(plan.clients.map(async (c) => [c.name, Number(await readFile(c.pidFile, 'utf8'))] as const)));
    },
    leave: () => processes.leaveAll(),
    async end() {
      await processes.endAll();
      await endProcessesOf(plan.folder);
    },
  };
  return cluster;
}

const START_MS = 60_000;

function isWell(check: Finished): boolean {
  if (check.code === 0) return true;
  throw new AppError('failed', `ctl check: exit ${check.code ?? check.signal ?? ''}: ${(check.stderr || check.stdout).slice(-500)}`);
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

async function answers(url: string): Promise<boolean> {
  const { hostname: host, port, host: authority, pathname } = new URL(url);
  const connection = await openConnection({ host, port: Number(port), authority, headerLines: [], timeoutMs: 5000 });
  const exchange = await connection.get(pathname, { close: true });
  connection.close();
  return exchange.kind === 'answer' && exchange.answer.status === 200;
}
