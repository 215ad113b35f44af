import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { findFreePorts } from '../../deploy/demo/free-ports.js';
import { createProcesses, type Finished, type Program } from '../../deploy/demo/processes.js';
import { until } from '../../deploy/demo/until.js';
import type { Argv } from '../../shared/ports/exec.js';
import { certifyHosts, writeFleetIni, type FleetHost } from '../support/fleet/files.js';
import { temporaryFolder } from '../support/processes.js';

/**
 * A controller with many agents over mTLS, four services each: how long after its restart they are all back (from the start of the new
 * process; it is killed, as by a power cut), how long `ctl mem` over all services takes, from the prompt to the prompt, and what it holds in
 * memory by then. And one real agent that looks after fifty services while nothing happens but a check a minute: memory, and share of one CPU.
 */
const { values } = parseArgs({
  options: { json: { type: 'boolean' }, agents: { type: 'string', default: '200' }, 'idle-seconds': { type: 'string', default: '120' } },
});
/** Of the one real agent. */
const SERVICES = 50;
const SETTLE_MS = 90_000;
let started = 0;
const dist = join(import.meta.dirname, '../../dist');
const say = (text: string): void => void process.stderr.write(`${text}\n`);
const abort = new AbortController();
process.once('SIGINT', () => abort.abort(new Error('interrupted')));
const { signal } = abort;

const folder = await temporaryFolder('fleet');
const processes = createProcesses(join(folder, 'output'));
const env = { HOME: folder, XDG_CONFIG_HOME: join(folder, 'config') };
try {
  const fleet = await benchFleet(Number(values.agents));
  const idle = await benchIdleAgent(Number(values['idle-seconds']));
  const result = { name: 'fleet', agents: Number(values.agents), ...fleet, ...idle };
  const lines = Object.entries(result).map(([key, value]) => `${key}: ${value}`);
  process.stdout.write(values.json === true ? `${JSON.stringify(result)}\n` : `${lines.join('\n')}\n`);
} finally {
  await processes.endAll();
  await rm(folder, { recursive: true, force: true });
}

async function benchFleet(agents: number) {
  const place = join(folder, 'fleet');
  await mkdir(place, { mode: 0o700 });
  const [port = 0] = await findFreePorts(1);
  const hosts = Array.from({ length: agents }, (_, at) => simulatedHost(at));
  const ini = await writeFleetIni(place, port, hosts, '[monitor]\ninterval = 0');
  await mustRun(['ctl-controller', 'init', '-c', ini]);
  say(`certificates for ${agents} hosts`);
  const order = {
    address: `localhost:${port}`,
    agents: await certifyHosts(
      place,
      hosts.map(({ name }) => name),
    ),
  };
  await writeFile(join(place, 'crowd.json'), JSON.stringify(order));
  const first = await startController('controller', ini);
  const main = join(import.meta.dirname, '../support/fleet/crowd-main.mjs');
  const crowd = await processes.start('crowd', [process.execPath, '--import', 'tsx', main, join(place, 'crowd.json')]);
  await connectedSince(crowd, agents, 0);
  say('all are connected; the controller is killed and started again');
  const restarts: number[] = [];
  let controller = first;
  for (let round = 0; round < 3; round++) {
    controller.signal('SIGKILL');
    await controller.exited;
    await delay(2_000);
    const from = Date.now();
    controller = await startController('controller', ini);
    restarts.push(((await connectedSince(crowd, agents, from)) - from) / 1000);
  }
  await logIn(ini);
  const asked: number[] = [];
  for (let round = 0; round < 5; round++) asked.push(await secondsOf(['ctl', 'mem', '-c', ini, '--json'], agents * 4));
  const rss = await rssMb(controller.pid);
  await crowd.end();
  await controller.end();
  say(`back after ${restarts.join(', ')} s; ctl mem took ${asked.map((one) => one.toFixed(2)).join(', ')} s`);
  return { reconnect_s: round3(Math.max(...restarts)), mem_s: round3(median(asked)), controller_rss_mb: round1(rss) };
}

function simulatedHost(at: number): FleetHost {
  const ip = `127.1.${Math.floor(at / 200)}.${(at % 200) + 1}`;
  return { name: `host${at}`, services: [1, 2, 3, 4].map((n) => ({ name: `zope${at}.${n}`, ip, port: 8080 + n })) };
}

async function benchIdleAgent(seconds: number) {
  const place = join(folder, 'idle');
  await mkdir(join(place, 'srv'), { recursive: true, mode: 0o700 });
  const [port = 0, ...ports] = await findFreePorts(SERVICES + 1);
  const services = ports.map((one, at) => {
    const path = (name: string) => join(place, 'srv', `${at}.${name}`);
    return { name: `zope${at}`, ip: '127.0.0.1', port: one, pidFile: path('pid'), logFile: path('log') };
  });
  for (const { name, pidFile, logFile } of services) {
    const { pid } = await processes.start(name, ['sleep', 'infinity']);
    await writeFile(pidFile, String(pid));
    await writeFile(logFile, '2024-10-11 16:12:50 INFO [Zope:42][MainThread] Ready to handle requests\n');
  }
  const ini = await writeFleetIni(place, port, [{ name: 'idle', services }], '', 'critical_errors = MemoryError|POSKeyError');
  await mustRun(['ctl-controller', 'init', '-c', ini]);
  const [{ stateDir } = { stateDir: '' }] = await certifyHosts(place, ['idle']);
  const agentIni = join(place, 'agent.ini');
  await writeFile(
    agentIni,
    agentIniOf(
      port,
      stateDir,
      place,
      services.map(({ name }) => name),
    ),
  );
  await startController('idle-controller', ini);
  const agent = await processes.start('agent', argvOf(['ctl-agent', '-c', agentIni]));
  await until('the agent to be connected', async () => (await agent.output()).includes('connected to the controller'), {
    timeoutMs: 20_000,
    signal,
  });
  // Its start is no part of it, nor are the first checks: everything is read for the first time, and V8 still compiles.
  await delay(SETTLE_MS, undefined, { signal });
  say(`one agent with ${SERVICES} services, for ${seconds} s`);
  const before = await cpuSeconds(agent.pid);
  await delay(seconds * 1000, undefined, { signal });
  const used = (await cpuSeconds(agent.pid)) - before;
  return { agent_services: SERVICES, agent_rss_mb: round1(await rssMb(agent.pid)), agent_cpu_percent: round3((used / seconds) * 100) };
}

function agentIniOf(port: number, stateDir: string, place: string, names: readonly string[]): string {
  return [
    ...['[agent]', 'name = idle', `controller = localhost:${port}`, `state_dir = ${stateDir}`],
    ...['[allow]', 'services = zope*', `paths = ${join(place, 'srv')}`, 'actions = start stop log'],
    ...names.flatMap((name) => [`[command ${name}]`, 'start = /bin/true']),
    '',
  ].join('\n');
}

async function startController(name: string, ini: string): Promise<Program> {
  // Each with a file of its own for its output.
  const program = await processes.start(`${name}-${++started}`, argvOf(['ctl-controller', '-c', ini]));
  const listens = async () => (await program.output()).includes('listens on') || !program.running();
  await until('the controller to listen', listens, { timeoutMs: 20_000, signal });
  if (!program.running()) throw new Error(`the controller ended: ${await program.output()}`);
  return program;
}

/** Epoch ms at which, after `from`, so many were connected. */
function connectedSince(crowd: Program, agents: number, from: number): Promise<number> {
  const seen = async () => {
    const lines = (await crowd.output())
      .trimEnd()
      .split('\n')
      .filter((line) => line.startsWith('{"at"'));
    const all = lines.map((line) => JSON.parse(line) as { at: number; connected: number });
    return all.find(({ at, connected }) => at > from && connected === agents)?.at ?? null;
  };
  return until(`${agents} agents to be connected`, seen, { timeoutMs: 60_000, signal });
}

async function logIn(ini: string): Promise<void> {
  const { stdout } = await mustRun(['ctl-controller', 'token', 'create', '--operator', 'bench', '-c', ini]);
  const [program = '', ...args] = stdout.trim().split(' ');
  await mustRun([program, ...args]);
}

async function secondsOf(argv: Argv, services: number): Promise<number> {
  const from = performance.now();
  const { stdout } = await run(argv);
  const took = (performance.now() - from) / 1000;
  const measured = (JSON.parse(stdout) as { services: { memory: { ok: boolean } | null }[] }).services.filter(
    ({ memory }) => memory?.ok === true,
  );
  if (measured.length !== services) throw new Error(`${measured.length} of ${services} services were measured`);
  return took;
}

async function mustRun(argv: Argv): Promise<Finished> {
  const finished = await run(argv);
  if (finished.code !== 0) throw new Error(`${argv.slice(0, 3).join(' ')} ended with ${finished.code ?? 'a signal'}: ${finished.stderr}`);
  return finished;
}

function run(argv: Argv): Promise<Finished> {
  return processes.run(argvOf(argv), { timeoutMs: 60_000, env });
}

function argvOf([program, ...args]: Argv): Argv {
  return [process.execPath, join(dist, `${program}.js`), ...args];
}

async function rssMb(pid: number): Promise<number> {
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(await readFile(`/proc/${pid}/status`, 'utf8'))?.[1] ?? Number.NaN) / 1024;
}

/** User and system time, of the programs that it ran too; the clock of /proc ticks a hundred times a second. */
async function cpuSeconds(pid: number): Promise<number> {
  const fields = (await readFile(`/proc/${pid}/stat`, 'utf8')).replace(/^.*\) /, '').split(' ');
  return fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0) / 100;
}

function median(all: readonly number[]): number {
  return [...all].sort((a, b) => a - b)[Math.floor(all.length / 2)] ?? Number.NaN;
}

function round3(value: number): number {
  return Math.round(value * 1000) / 1000;
}

function round1(value: number): number {
  return Math.round(value * 10) / 10;
}
