import { readlink } from 'node:fs/promises';
import type { Processes, Program } from '../../../deploy/demo/processes.js';
import { until } from '../../../deploy/demo/until.js';
import { AppError } from '../../../shared/errors.js';
import { exec, type Argv } from '../../../shared/ports/exec.js';

/**
 * A network of its own: each host has a network namespace with one address, all are plugged into one switch. Nothing of it is seen from
 * outside, and it is gone with the processes that hold it.
 */
export interface Network {
  readonly hosts: ReadonlyMap<string, NetworkHost>;
}

export interface NetworkHost {
  readonly name: string;
  readonly ip: string;
  /** Path of its network namespace. */
  readonly namespace: string;
  /** The cable is out, and in again. */
  unplug(): Promise<void>;
  plugIn(): Promise<void>;
  /** Whatever comes from that address is dropped without a word, and taken again. */
  ignore(ip: string): Promise<void>;
  heed(ip: string): Promise<void>;
  /** So much of what arrives is lost: a share from 0 (nothing any more) to 1. */
  lose(share: number): Promise<void>;
  /** All is as at the beginning. */
  heal(): Promise<void>;
}

export interface NetworkOptions {
  /** Names of the hosts and their addresses in 10.0.0.0/24. */
  readonly addresses: Readonly<Record<string, string>>;
  readonly iptables: Argv;
  readonly processes: Processes;
  readonly signal: AbortSignal;
}

export async function createNetwork({ addresses, iptables, processes, signal }: NetworkOptions): Promise<Network> {
  const hold = (name: string) => holdNamespace(name, processes, signal);
  const lan = await hold('switch');
  await run(within(lan, ['ip', 'link', 'add', 'lan', 'type', 'bridge']), signal);
  await run(within(lan, ['ip', 'link', 'set', 'lan', 'up']), signal);
  const hosts = await Promise.all(
    Object.entries(addresses).map(async ([name, ip], index): Promise<NetworkHost> => {
      const holder = await hold(`network of ${name}`);
      const port = `port${index}`;
      await connect({ lan, holder, port, ip }, signal);
      return hostOf({ name, ip, port, lan, holder, iptables }, signal);
    }),
  );
  return { hosts: new Map(hosts.map((host) => [host.name, host])) };
}

/** A namespace lives as long as a process in it, which ends with ours, however that ends. */
async function holdNamespace(name: string, processes: Processes, signal: AbortSignal): Promise<Program> {
  const own = await readlink('/proc/self/ns/net');
  const holder = await processes.start(name, ['setpriv', '--pdeathsig', 'KILL', 'unshare', '--net', 'sleep', 'infinity']);
  await until(`the ${name}`, async () => (await readlink(`/proc/${holder.pid}/ns/net`)) !== own, { timeoutMs: 10_000, signal });
  return holder;
}

async function connect(
  { lan, holder, port, ip }: { readonly lan: Program; readonly holder: Program; readonly port: string; readonly ip: string },
  signal: AbortSignal,
): Promise<void> {
  const pair = ['type', 'veth', 'peer', 'name', 'eth0', 'netns', `${holder.pid}`] as const;
  await run(within(lan, ['ip', 'link', 'add', port, ...pair]), signal);
  await run(within(lan, ['ip', 'link', 'set', port, 'master', 'lan', 'up']), signal);
  await run(within(holder, ['ip', 'link', 'set', 'lo', 'up']), signal);
  await run(within(holder, ['ip', 'address', 'add', `${ip}/24`, 'dev', 'eth0']), signal);
  await run(within(holder, ['ip', 'link', 'set', 'eth0', 'up']), signal);
}

interface Place {
  readonly name: string;
  readonly ip: string;
  readonly port: string;
  readonly lan: Program;
  readonly holder: Program;
  readonly iptables: Argv;
}

function hostOf({ name, ip, port, lan, holder, iptables }: Place, signal: AbortSignal): NetworkHost {
  const rule = (order: '-A' | '-D', ...match: string[]) =>
    run(within(holder, [...iptables, '-w', order, 'INPUT', ...match, '-j', 'DROP']), signal);
  const chance = (share: number) => ['-i', 'eth0', '-m', 'statistic', '--mode', 'random', '--probability', `${share}`];
  let losing: number | null = null;
  return {
    name,
    ip,
    namespace: namespaceOf(holder),
    unplug: () => run(within(lan, ['ip', 'link', 'set', port, 'down']), signal),
    plugIn: () => run(within(lan, ['ip', 'link', 'set', port, 'up']), signal),
    ignore: (from) => rule('-A', '-s', from),
    heed: (from) => rule('-D', '-s', from),
    async lose(share) {
      if (losing !== null) await rule('-D', ...chance(losing));
      losing = share === 0 ? null : share;
      if (losing !== null) await rule('-A', ...chance(losing));
    },
    async heal() {
      losing = null;
      await run(within(holder, [...iptables, '-w', '-F', 'INPUT']), signal);
      await run(within(lan, ['ip', 'link', 'set', port, 'up']), signal);
    },
  };
}

const within = (holder: Program, argv: Argv): Argv => ['nsenter', `--net=${namespaceOf(holder)}`, '--', ...argv];
const namespaceOf = (holder: Program): string => `/proc/${holder.pid}/ns/net`;

async function run(argv: Argv, signal: AbortSignal): Promise<void> {
  const { code, stderr } = await exec(argv, { timeoutMs: 60_000, signal });
  if (code !== 0) throw new AppError('failed', `${argv.join(' ')} ended with ${code ?? 'a signal'}: ${stderr.trim().slice(-1000)}`);
}
