/** A program and its arguments; never a shell string. */
export type Argv = readonly [string, ...string[]];

export interface ExecOptions {
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** How a program ended; `code` is null when a signal ended it. Output is capped at 64 KiB each. */
export interface ExecResult {
  readonly code: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
}
