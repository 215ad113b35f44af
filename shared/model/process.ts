/**
 * The identity of a running process on one host: `pid@starttime`, the start time in clock ticks since boot
 * (`/proc/PID/stat` field 22, proc(5)). A pid alone is reused; the pair is not until a reboot.
 */
export type ProcessId = string & { readonly __brand: 'ProcessId' };

export const processId = (pid: number, startTicks: number | bigint): ProcessId => `${pid}@${startTicks}` as ProcessId;
export const pidOf = (id: ProcessId): number => Number(id.slice(0, id.indexOf('@')));

/** What the service manager of a host says of one service. */
export type ProcessState =
  | { readonly state: 'running'; readonly process: ProcessId; readonly startedAt: number }
  /** `starting`: its start command ended well, and the daemon that it leaves has not shown itself yet. */
  | { readonly state: 'starting'; readonly why: string }
  /** `failed`: the start command itself failed (exit code, last line of its output): waiting longer is of no use. */
  | { readonly state: 'down'; readonly why: string; readonly failed: boolean }
  | { readonly state: 'unknown'; readonly why: string };

export interface Memory {
  readonly process: ProcessId;
  readonly rssKb: number;
  readonly uptimeS: number;
  /** CPU time that it has used since its start, of all its threads; undefined: this host does not tell. */
  readonly cpuMs?: number | undefined;
}
