import { mkdir, readdir, readFile, rmdir, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { createProcesses as createHostProcesses, isBootedBySystemd, type Processes as HostProcesses } from '../../agent/services/index.js';
import type { Processes } from '../../deploy/demo/processes.js';
import { until } from '../../deploy/demo/until.js';
import { AppError, isErrno } from '../../shared/errors.js';
import { exec, type Argv, type Exec } from '../../shared/ports/exec.js';
import type { SystemdEnvironment } from './systemd-env.js';

/** A system that a real systemd has booted: a container with process ids, files and control groups of its own, on this host's network. */
export interface SystemdHost {
  /** Its first process, by the id that it has outside. */
  readonly leader: number;
  /** Runs a program in it. */
  readonly exec: Exec;
  /** The processes of it, by the ids that they have within. */
  readonly processes: HostProcesses;
  /** A program in it that ended well; its output. */
  run(argv: Argv): Promise<string>;
  kill(pid: number, name: 'SIGTERM' | 'SIGKILL'): Promise<void>;
  /** Writes unit files, by name, and tells systemd. They are gone with the container. */
  addUnits(units: Readonly<Record<string, string>>): Promise<void>;
  /** Processes in it that have this in their environment. */
  pidsWith(mark: string): Promise<number[]>;
  /** Where one of its files is, seen from outside. */
  path(inside: string): string;
  end(): Promise<void>;
}

export interface BootOptions {
  /** Temporary; in the container under the same path. */
  readonly folder: string;
  /** To be read in the container, under the same paths. */
  readonly readOnly: readonly string[];
  /** Further arguments of systemd-nspawn: a network of its own, a name, other places. */
  readonly container?: readonly string[];
  readonly processes: Processes;
  readonly signal: AbortSignal;
}

export async function bootSystemd({ nspawn, tree }: SystemdEnvironment, options: BootOptions): Promise<SystemdHost> {
  const { folder, signal } = options;
  const groups = await ownControlGroups(basename(folder));
  const root = join(folder, 'root');
  await mkdir(root);
  const binds = [`--bind=${folder}`, `--bind-ro=${process.execPath}`, ...options.readOnly.map((path) => `--bind-ro=${path}`)];
  const scope = groups.length === 0 ? [] : ['--keep-unit'];
  const container = [
    nspawn,
    '--quiet',
    '--boot',
    `--directory=${root}`,
    '--register=no',
    '--resolv-conf=off',
    ...scope,
    ...binds,
    ...(options.container ?? []),
  ];
  const boot = await options.processes.start('systemd-nspawn', [
    ...(['unshare', '--mount', '--propagation=private', 'sh', '-euc', PREPARE, 'sh', root, tree, groups.join(' ')] as const),
    ...container,
  ]);
  const end = async () => {
    await boot.end(END_MS);
    for (const group of groups) await removeGroups(group);
  };
  try {
    const wait = { timeoutMs: 60_000, signal };
    const leader = await until('systemd to have booted', async () => !boot.running() || booted(boot.pid, signal), wait);
    if (leader === true) throw new AppError('failed', `the container ended: ${(await boot.output()).slice(-1000)}`);
    return hostOf(leader, async () => {
      // With its first process the kernel ends all others of the container.
      if (boot.running()) process.kill(leader, 'SIGKILL');
      await end();
    });
  } catch (error) {
    await end();
    throw error;
  }
}

const END_MS = 5_000;

/**
 * In a mount namespace of its own, the tree under a layer in memory: two containers can use one tree, and nothing is left behind.
 * Moved into control groups of its own: two containers in one would share their services.
 */
const PREPARE = `
root=$1 tree=$2 groups=$3; shift 3
for group in $groups; do mkdir -p "$group"; echo $$ > "$group/cgroup.procs"; done
mount -t tmpfs -o mode=755 layer "$root"
mkdir "$root/upper" "$root/work" "$root/merged"
mount -t overlay -o "lowerdir=$tree,upperdir=$root/upper,workdir=$root/work" root "$root/merged"
mount --bind "$root/merged" "$root"
exec "$@" < /dev/null
`;

/** The first process of the container, once its systemd is through with its start. */
async function booted(nspawn: number, signal: AbortSignal): Promise<number | null> {
  const all = await createHostProcesses().all();
  for (const { pid } of all.filter(({ parent }) => parent === nspawn)) {
    const { stdout } = await exec(['nsenter', '-t', `${pid}`, '-a', 'systemctl', 'is-system-running'], { timeoutMs: 5_000, signal });
    if (/^(running|degraded)$/.test(stdout.trim())) return pid;
  }
  return null;
}

async function ownControlGroups(name: string): Promise<string[]> {
  if (await isBootedBySystemd()) return [];
  const roots = ['/sys/fs/cgroup/unified', '/sys/fs/cgroup/systemd', '/sys/fs/cgroup'];
  const usable = await Promise.all(
    roots.map((root) =>
      readFile(join(root, 'cgroup.procs')).then(
        () => true,
        () => false,
      ),
    ),
  );
  return roots.filter((_, index) => usable[index]).map((root) => join(root, name));
}

async function removeGroups(group: string): Promise<void> {
  const entries = await readdir(group, { withFileTypes: true }).catch((error: unknown) => {
    if (isErrno(error, 'ENOENT')) return [];
    throw error;
  });
  for (const entry of entries) if (entry.isDirectory()) await removeGroups(join(group, entry.name));
  if (entries.length > 0) await rmdir(group);
}

function hostOf(leader: number, end: () => Promise<void>): SystemdHost {
  const enter = ['nsenter', '-t', `${leader}`, '-a'] as const;
  const path = (inside: string) => `/proc/${leader}/root${inside}`;
  const within: Exec = (argv, { account, ...options }) => {
    const user = account === undefined ? [] : ['-S', `${account.uid}`, '-G', `${account.gid}`];
    return exec([...enter, ...user, '--', ...argv], options);
  };
  const run = async (argv: Argv) => {
    const { code, stdout, stderr } = await within(argv, { timeoutMs: 30_000, signal: new AbortController().signal });
    if (code !== 0) throw new AppError('failed', `${argv.join(' ')} ended with ${code ?? 'a signal'}: ${stderr}`);
    return stdout;
  };
  // The shell's own: a small Debian has no other.
  const kill: SystemdHost['kill'] = async (pid, name) => {
    await run(['sh', '-c', 'kill -s "$1" "$2" || test ! -e "/proc/$2"', 'sh', name.slice(3), `${pid}`]);
  };
  return {
    leader,
    exec: within,
    run,
    kill,
    path,
    end,
    processes: processesOf(path('/proc'), kill),
    async addUnits(units) {
      for (const [name, text] of Object.entries(units)) {
        const file = path(`/run/systemd/system/${name}`);
        await mkdir(dirname(file), { recursive: true });
        await writeFile(file, text);
      }
      await run(['systemctl', 'daemon-reload']);
    },
    async pidsWith(mark) {
      const pids = (await readdir(path('/proc'))).filter((name) => /^\d+$/.test(name));
      const carries = await Promise.all(
        pids.map(async (pid) => (await readFile(path(`/proc/${pid}/environ`), 'latin1').catch(() => '')).includes(mark)),
      );
      return pids.filter((_, index) => carries[index]).map(Number);
    },
  };
}

/** As an agent in the container would see them; this very process, which holds the locks, as it is outside. */
function processesOf(proc: string, kill: SystemdHost['kill']): HostProcesses {
  const [outside, inside] = [createHostProcesses(), createHostProcesses(proc)];
  return {
    ...inside,
    inspect: (pid) => (pid === process.pid ? outside : inside).inspect(pid),
    startedAt: (found) => outside.startedAt(found),
    async controlGroupOf(found) {
      const [group, first] = await Promise.all([inside.controlGroupOf(found), inside.inspect(1)]);
      const own = typeof first === 'object' ? await inside.controlGroupOf(first) : null;
      const prefix = own?.replace(/\/init\.scope$/, '') ?? '';
      return group?.startsWith(prefix) === true ? group.slice(prefix.length) : group;
    },
    async signal(found, name) {
      const now = await inside.inspect(found.pid);
      if (typeof now === 'object' && now.id === found.id) await kill(found.pid, name);
    },
  };
}
