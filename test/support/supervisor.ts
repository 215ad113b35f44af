import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { formatCommand } from '../../deploy/demo/ini-file.js';
import type { Processes, Program } from '../../deploy/demo/processes.js';
import { until } from '../../deploy/demo/until.js';
import { createSupervisorRpc, type SupervisorRpc } from '../../agent/services/supervisor-rpc.js';
import type { Argv } from '../../shared/ports/exec.js';
import type { SupervisorEnvironment } from './supervisor-env.js';

/** A supervisord of its own, with its socket in `folder`. */
export interface Supervisor {
  readonly socket: string;
  readonly rpc: SupervisorRpc;
  readonly process: Program;
}

export interface SupervisedProgram {
  readonly argv: Argv;
  /** Keys of its section beside `command`. */
  readonly keys?: Readonly<Record<string, string | number>>;
}

export async function startSupervisor(
  environment: SupervisorEnvironment,
  folder: string,
  programs: Readonly<Record<string, SupervisedProgram>>,
  processes: Processes,
  signal: AbortSignal,
): Promise<Supervisor> {
  const socket = join(folder, 's.sock');
  const conf = join(folder, 'supervisord.conf');
  await writeFile(conf, confOf(folder, socket, programs));
  const process = await processes.start('supervisord', environment.supervisord(conf), { cwd: folder });
  const rpc = createSupervisorRpc(socket);
  await until('supervisord to answer', async () => !process.running() || (await answers(rpc, signal)), { timeoutMs: 20_000, signal });
  if (!process.running()) throw new Error(`supervisord ended: ${await process.output()}`);
  return { socket, rpc, process };
}

const answers = (rpc: SupervisorRpc, signal: AbortSignal): Promise<boolean> =>
  rpc('getState', [], signal).then(
    ({ ok }) => ok,
    () => false,
  );

function confOf(folder: string, socket: string, programs: Readonly<Record<string, SupervisedProgram>>): string {
  const sections = Object.entries(programs).flatMap(([name, { argv, keys = {} }]) => [
    `[program:${name}]`,
    `command=${formatCommand(argv).replaceAll('%', '%%')}`,
    'autostart=false',
    ...Object.entries(keys).map(([key, value]) => `${key}=${value}`),
  ]);
  return [
    '[unix_http_server]',
    `file=${socket}`,
    '[supervisord]',
    `logfile=${join(folder, 'supervisord.log')}`,
    `childlogdir=${folder}`,
    `pidfile=${join(folder, 'supervisord.pid')}`,
    '[rpcinterface:supervisor]',
    'supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface',
    ...sections,
    '',
  ].join('\n');
}
