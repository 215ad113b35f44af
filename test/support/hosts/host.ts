import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Finished, Processes, Program } from '../../../deploy/demo/processes.js';
import { AppError } from '../../../shared/errors.js';
import type { Argv } from '../../../shared/ports/exec.js';
import { bootSystemd, type SystemdHost } from '../systemd.js';
import type { SystemdEnvironment } from '../systemd-env.js';
import type { NetworkHost } from './network.js';

/** One host of a cluster: a name, an address, files and processes of its own, under a systemd of its own. */
export interface Host {
  readonly name: string;
  readonly ip: string;
  readonly network: NetworkHost;
  readonly systemd: SystemdHost;
  /** Runs lines of a shell in it, as root at home; the first one that fails ends them. A bad exit code is a result, not an error. */
  shell(lines: string, timeoutMs?: number): Promise<Finished>;
  /** The same, not waited for. */
  start(lines: string): Promise<Program>;
  /** The output of lines that end well. */
  say(lines: string): Promise<string>;
  write(files: Readonly<Record<string, string>>, mode?: number): Promise<void>;
}

export interface HostOptions {
  readonly environment: SystemdEnvironment;
  readonly network: NetworkHost;
  /** Temporary, for this host alone; its name must not be that of another one on this machine. */
  readonly folder: string;
  /** What becomes its /root; those of all hosts lie side by side. */
  readonly home: string;
  /** To be read in it: `path` or `path:place`. */
  readonly readOnly: readonly string[];
  readonly processes: Processes;
  readonly signal: AbortSignal;
}

export async function bootHost(options: HostOptions): Promise<Host> {
  const { environment, network, folder, home, readOnly, processes, signal } = options;
  const { name } = network;
  await mkdir(folder);
  await mkdir(home, { recursive: true });
  const systemd = await bootSystemd(environment, {
    folder,
    readOnly: [`${process.execPath}:/usr/bin/node`, ...readOnly],
    container: [
      `--hostname=${name}`,
      `--network-namespace-path=${network.namespace}`,
      `--bind=${home}:/root`,
      `--bind=${dirname(home)}:${HOMES}`,
    ],
    processes,
    signal,
  });
  const within = ['nsenter', '-t', `${systemd.leader}`, '-a'] as const;
  const argvOf = (lines: string): Argv => [
    ...within,
    'env',
    '-i',
    ...ENVIRONMENT,
    'bash',
    '-euc',
    `cd
${lines}`,
  ];
  let started = 0;
  const host: Host = {
    name,
    ip: network.ip,
    network,
    systemd,
    shell: (lines, timeoutMs = 120_000) => processes.run(argvOf(lines), { timeoutMs }),
    // Each with a file of its own for its output.
    start: (lines) => processes.start(`${name}-${++started}`, argvOf(lines)),
    async say(lines) {
      const { code, stdout, stderr } = await host.shell(lines);
      if (code !== 0) throw new AppError('failed', `${name}: ${lines.trim()} ended with ${code ?? 'a signal'}: ${stderr}${stdout}`);
      return stdout;
    },
    async write(files, mode = 0o644) {
      for (const [path, text] of Object.entries(files)) {
        await mkdir(dirname(systemd.path(path)), { recursive: true });
        await writeFile(systemd.path(path), text, { mode });
      }
    },
  };
  await host.write({ '/usr/local/bin/scp': scpTo(HOMES) }, 0o755);
  // What its systemd read at its start was the name of the machine on which the tree was made.
  await host.write({ '/etc/hostname': `${name}\n` });
  await processes.run(['nsenter', '-t', `${systemd.leader}`, '--uts', 'sysctl', '-qw', `kernel.hostname=${name}`], { timeoutMs: 10_000 });
  return host;
}

const ENVIRONMENT = ['HOME=/root', 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', 'LANG=C.UTF-8'];

/** Where every host sees the homes of all. */
const HOMES = '/homes';

/** `scp FILE… root@HOST:[NAME]`, between hosts that have no ssh. */
export const scpTo = (homes: string): string => `#!/bin/bash
set -eu
target=\${!#} host=\${target#root@} host=\${host%%:*}
test -d "${homes}/$host" || { echo "scp: no host $host" >&2; exit 1; }
cp -- "\${@:1:$#-1}" "${homes}/$host/\${target#*:}"
`;

export const hostFolder = (stage: string, name: string): string => join(stage, `${stage.split('/').at(-1) ?? ''}.${name}`);
