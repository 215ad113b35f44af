import { readFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError, isErrno, messageOf } from '../../shared/errors.js';
import { processId, type ProcessId } from '../../shared/model/process.js';

/** One running process as the kernel knows it. */
export interface ProcessFacts {
  readonly pid: number;
  readonly id: ProcessId;
  readonly parent: number;
  readonly group: number;
  readonly session: number;
  /** 0: no controlling terminal. */
  readonly terminal: number;
  readonly startTicks: number;
  /** CPU time that it has used, of all its threads. */
  readonly cpuTicks: number;
}

/** `gone`: no such process, or only its corpse (a zombie serves nobody). `hidden`: it exists, and we may not look at it. */
export type Inspected = ProcessFacts | 'gone' | 'hidden';

/** The processes of this host, from /proc (proc(5)). */
export interface Processes {
  inspect(pid: number): Promise<Inspected>;
  all(): Promise<ProcessFacts[]>;
  /** Epoch ms, to about a second: the kernel reckons it from the clock of now. */
  startedAt(process: ProcessFacts): Promise<number>;
  uptimeS(process: ProcessFacts): Promise<number>;
  /** CPU time that it had used when it was looked at. */
  cpuMs(process: ProcessFacts): Promise<number>;
  /** Effective user id; null: the process is gone. */
  uidOf(process: ProcessFacts): Promise<number | null>;
  /** Where it stands in the tree of control groups that systemd keeps; null: the process is gone, or there is no such tree. */
  controlGroupOf(process: ProcessFacts): Promise<string | null>;
  /** To a process that is still this one; one that is gone needs no signal. Errors: `failed`. */
  signal(process: ProcessFacts, name: 'SIGTERM' | 'SIGKILL'): Promise<void>;
  /** Changes with each boot: a ProcessId means something within one boot only. */
  bootId(): Promise<string>;
}

export function createProcesses(root = '/proc'): Processes {
  // /proc is memory: the way through the thread pool takes a hundred times as long, and a stop looks at every process.
  const read = (name: string) => readFileSync(join(root, name), 'utf8');
  let ticksPerSecond: number | undefined;
  const ticks = () => (ticksPerSecond ??= readTicksPerSecond(join(root, 'self/auxv')));

  async function inspect(pid: number): Promise<Inspected> {
    try {
      return parseStat(read(`${pid}/stat`)) ?? 'gone';
    } catch (error) {
      if (isErrno(error, 'EACCES', 'EPERM')) return 'hidden';
      if (!isErrno(error, 'ENOENT', 'ESRCH')) throw error;
      return root === '/proc' && exists(pid) ? 'hidden' : 'gone';
    }
  }

  /** null once the process is gone, also if its pid is another's by now. */
  async function readOf(process: ProcessFacts, name: string): Promise<string | null> {
    try {
      const text = read(`${process.pid}/${name}`);
      const now = await inspect(process.pid);
      return typeof now === 'object' && now.id === process.id ? text : null;
    } catch (error) {
      if (isErrno(error, 'ENOENT', 'ESRCH')) return null;
      throw error;
    }
  }

  return {
    inspect,
    async uidOf(process) {
      const uid = /^Uid:\s+\d+\s+(\d+)/m.exec((await readOf(process, 'status')) ?? '')?.[1];
      return uid === undefined ? null : Number(uid);
    },
    controlGroupOf: async (process) => parseControlGroup((await readOf(process, 'cgroup')) ?? ''),
    async signal(target, name) {
      const now = await inspect(target.pid);
      if (now === 'gone' || (now !== 'hidden' && now.id !== target.id)) return;
      try {
        process.kill(target.pid, name);
      } catch (error) {
        if (isErrno(error, 'ESRCH')) return;
        throw new AppError('failed', `${name} to process ${target.pid} failed: ${messageOf(error)}`, {
          cause: error,
          hint: 'does the agent run as root, or as the user of the service?',
        });
      }
    },
    async all() {
      const pids = (await readdir(root)).filter((name) => /^\d+$/.test(name)).map(Number);
      const found = await Promise.all(pids.map(inspect));
      return found.filter((process) => typeof process !== 'string');
    },
    async startedAt(process) {
      const bootTime = /^btime (\d+)$/m.exec(read('stat'))?.[1];
      if (bootTime === undefined) throw new Error(`${root}/stat has no btime`);
      return Number(bootTime) * 1000 + (process.startTicks / ticks()) * 1000;
    },
    async uptimeS(process) {
      const sinceBoot = Number.parseFloat(read('uptime'));
      return Math.max(0, sinceBoot - process.startTicks / ticks());
    },
    cpuMs: async ({ cpuTicks }) => Math.round((cpuTicks / ticks()) * 1000),
    bootId: async () => read('sys/kernel/random/boot_id').trim(),
  };
}

/** One line of /proc/PID/stat; null for a zombie. The command name in it may hold blanks and parentheses. */
export function parseStat(text: string): ProcessFacts | null {
  const pid = Number.parseInt(text, 10);
  const [state, ...numbers] = text.slice(text.lastIndexOf(')') + 2).split(' ', 20);
  const [parent, group, session, terminal] = numbers.map(Number);
  const startTicks = Number(numbers[18]);
  const cpuTicks = Number(numbers[10]) + Number(numbers[11]);
  if (
    parent === undefined ||
    group === undefined ||
    session === undefined ||
    terminal === undefined ||
    !Number.isInteger(startTicks + cpuTicks)
  ) {
    throw new Error(`not a line of /proc/PID/stat: ${text.slice(0, 80)}`);
  }
  if (state === 'Z' || state === 'X') return null;
  return { pid, id: processId(pid, startTicks), parent, group, session, terminal, startTicks, cpuTicks };
}

/** From /proc/PID/cgroup (cgroups(7)): systemd's own hierarchy where there is one, else the unified one. */
export function parseControlGroup(text: string): string | null {
  return (/^\d+:name=systemd:(.*)$/m.exec(text) ?? /^0::(.*)$/m.exec(text))?.[1] ?? null;
}

/** With /proc mounted `hidepid`, another user's process has no folder, but a signal still finds it. */
function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return isErrno(error, 'EPERM');
  }
}

/** AT_CLKTCK of the auxiliary vector: the unit of start times, without starting `getconf`. */
function readTicksPerSecond(auxv: string): number {
  const vector = readFileSync(auxv);
  for (let at = 0; at + 16 <= vector.length; at += 16) {
    if (vector.readBigUInt64LE(at) === AT_CLKTCK) return Number(vector.readBigUInt64LE(at + 8));
  }
  return USUAL_TICKS;
}

const AT_CLKTCK = 17n;
const USUAL_TICKS = 100;
