import { spawn, type ChildProcess } from 'node:child_process';
import { mkdir, open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '../../shared/errors.js';
import type { Argv } from '../../shared/ports/exec.js';

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A program that was started here and is ended by its pid. */
export interface Program {
  readonly name: string;
  readonly pid: number;
  readonly exited: Promise<Exit>;
  running(): boolean;
  /** All that it wrote so far. */
  output(): Promise<string>;
  signal(signal: NodeJS.Signals): void;
  /** SIGTERM; SIGKILL to its process group if it is still there after `graceMs`. Resolves when it is gone. */
  end(graceMs?: number): Promise<Exit>;
  /** This process does not wait for it any more. */
  leave(): void;
}

export interface Finished extends Exit {
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly timeoutMs: number;
  /** `show`: output and terminal are passed on instead of being collected. */
  readonly output?: 'collect' | 'show' | 'show-on-stderr';
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** The programs of one cluster or one test: each in a process group of its own, all ended by one call. */
export interface Processes {
  /** Rejects if it cannot be started at all. */
  start(name: string, argv: Argv, options?: { cwd?: string; env?: Readonly<Record<string, string>> }): Promise<Program>;
  /** A program that ends by itself. Rejects with `timeout` (and kills it) if it does not. */
  run(argv: Argv, options: RunOptions): Promise<Finished>;
  /** The last one started first; what has ended already is no fault. Can be called twice. */
  endAll(): Promise<void>;
  /** This process may end while they run on. */
  leaveAll(): void;
}

export function createProcesses(outputFolder: string): Processes {
  const programs = new Set<Program>();
  return {
    async start(name, argv, options = {}) {
      await mkdir(outputFolder, { recursive: true });
      const file = join(outputFolder, `${name.replace(/[^\w.-]/g, '_')}.out`);
      const handle = await open(file, 'a');
      try {
        const child = spawnGroup(argv, {
          cwd: options.cwd,
          env: { ...process.env, ...options.env },
          stdio: ['ignore', handle.fd, handle.fd],
        });
        const program = await programOf(name, argv, child, () => readFile(file, 'utf8'));
        programs.add(program);
        return program;
      } finally {
        await handle.close();
      }
    },
    async run(argv, options) {
      const stdio = STDIO[options.output ?? 'collect'];
      const child = spawnGroup(argv, { cwd: options.cwd, env: { ...process.env, ...options.env }, stdio });
      const stdout = collect(child.stdout);
      const stderr = collect(child.stderr);
      const program = await programOf(argv[0], argv, child, async () => stdout() + stderr());
      programs.add(program);
      const watch = { late: false };
      const timer = setTimeout(() => {
        watch.late = true;
        void program.end(1000);
      }, options.timeoutMs);
      const exit = await program.exited;
      clearTimeout(timer);
      programs.delete(program);
      if (watch.late)
        throw new AppError('timeout', `${argv.join(' ')} took longer than ${options.timeoutMs} ms`, { hint: stdout() + stderr() });
      return { ...exit, stdout: stdout(), stderr: stderr() };
    },
    async endAll() {
      for (const program of [...programs].reverse()) {
        await program.end();
        programs.delete(program);
      }
    },
    leaveAll() {
      for (const program of programs) program.leave();
      programs.clear();
    },
  };
}

const GRACE_MS = 5000;

/** 0, 1, 2 of this process are numbers here: node would take the word `inherit` for the same position only. */
const STDIO: Record<NonNullable<RunOptions['output']>, ('ignore' | 'pipe' | number)[]> = {
  collect: ['ignore', 'pipe', 'pipe'],
  show: [0, 1, 2],
  'show-on-stderr': ['ignore', 2, 2],
};

function spawnGroup(
  argv: Argv,
  options: { cwd: string | undefined; env: NodeJS.ProcessEnv; stdio: ('ignore' | 'pipe' | number)[] },
): ChildProcess {
  const [file, ...args] = argv;
  const { cwd, ...rest } = options;
  return spawn(file, args, { ...rest, detached: true, ...(cwd === undefined ? {} : { cwd }) });
}

function programOf(name: string, argv: Argv, child: ChildProcess, output: () => Promise<string>): Promise<Program> {
  // `close` comes after the last output, but never while a grandchild holds the pipe; `exit` always comes.
  const exited = new Promise<Exit>((resolve) => {
    child.once('exit', (code, signal) => {
      const done = () => resolve({ code, signal });
      child.once('close', done);
      setTimeout(done, 500).unref();
    });
  });
  const running = () => child.exitCode === null && child.signalCode === null;
  return new Promise((resolve, reject) => {
    child.once('error', (cause) => reject(new AppError('failed', `${argv[0]} could not be started: ${cause.message}`, { cause })));
    child.once('spawn', () => {
      const { pid } = child;
      if (pid === undefined) {
        reject(new AppError('internal', `${argv[0]} runs without a pid`));
        return;
      }
      resolve({
        name,
        pid,
        exited,
        running,
        output,
        signal: (signal) => void child.kill(signal),
        leave: () => child.unref(),
        async end(graceMs = GRACE_MS) {
          if (running()) child.kill('SIGTERM');
          const timer = setTimeout(() => killGroup(pid, running), graceMs);
          const exit = await exited;
          clearTimeout(timer);
          return exit;
        },
      });
    });
  });
}

function killGroup(pid: number, running: () => boolean): void {
  // As long as its leader has not been reaped, the number belongs to nobody else.
  if (running()) process.kill(-pid, 'SIGKILL');
}

function collect(stream: NodeJS.ReadableStream | null): () => string {
  const chunks: Buffer[] = [];
  stream?.on('data', (chunk: Buffer) => chunks.push(chunk));
  return () => Buffer.concat(chunks).toString('utf8');
}
