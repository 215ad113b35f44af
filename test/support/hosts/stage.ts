import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createProcesses, type Processes } from '../../../deploy/demo/processes.js';
import { AppError } from '../../../shared/errors.js';
import { temporaryFolder } from '../processes.js';
import type { SystemdEnvironment } from '../systemd-env.js';
import { bootHost, hostFolder, type Host } from './host.js';
import type { Iptables } from './iptables.js';
import { createNetwork, type NetworkHost } from './network.js';

/** Several hosts on a network of their own. */
export interface Stage {
  readonly folder: string;
  /** Of programs outside of all hosts. */
  readonly processes: Processes;
  host(name: string): Host;
  readonly hosts: readonly Host[];
  /** A place on the network without a host. */
  network(name: string): NetworkHost;
  readonly networks: ReadonlyMap<string, NetworkHost>;
  /** What lies here is in /root of that host. */
  home(name: string): string;
  /** Ends all hosts with everything on them; nothing is left behind. */
  end(): Promise<void>;
}

export interface StageOptions {
  readonly systemd: SystemdEnvironment;
  readonly iptables: Iptables;
  /** Name and address of each host. */
  readonly hosts: Readonly<Record<string, string>>;
  /** The same for places without a host. */
  readonly others: Readonly<Record<string, string>>;
  /** To be read on every host: `path` or `path:place`. */
  readonly readOnly: readonly string[];
  readonly signal: AbortSignal;
}

export async function setStage(options: StageOptions): Promise<Stage> {
  const { signal, iptables } = options;
  const folder = await temporaryFolder('hosts');
  const processes = createProcesses(join(folder, 'output'));
  const booted: Host[] = [];
  const homes = join(folder, 'homes');
  const end = async () => {
    await Promise.all(booted.map((host) => host.systemd.end()));
    await processes.endAll();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const addresses = { ...options.hosts, ...options.others };
    const network = await createNetwork({ addresses, iptables: iptables.command, processes, signal });
    const place = (name: string) => find(network.hosts, name);
    await mkdir(homes);
    const boots = Object.keys(options.hosts).map(async (name) => {
      const host = await bootHost({
        environment: options.systemd,
        network: place(name),
        folder: hostFolder(folder, name),
        home: join(homes, name),
        readOnly: options.readOnly,
        processes,
        signal,
      });
      booted.push(host);
      await host.write({
        '/etc/hosts': `127.0.0.1 localhost\n${Object.entries(addresses)
          .map(([other, ip]) => `${ip} ${other}\n`)
          .join('')}`,
      });
    });
    // All of them first: one that boots while the stage is struck would be left behind.
    const failed = (await Promise.allSettled(boots)).find((boot) => boot.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
    const hosts = new Map(booted.map((host) => [host.name, host]));
    return {
      folder,
      processes,
      hosts: booted,
      host: (name) => find(hosts, name),
      network: place,
      networks: network.hosts,
      home: (name) => join(homes, name),
      end,
    };
  } catch (error) {
    await end();
    throw error;
  }
}

function find<T>(all: ReadonlyMap<string, T>, name: string): T {
  const found = all.get(name);
  if (found === undefined) throw new AppError('internal', `the stage has no ${name}`);
  return found;
}
