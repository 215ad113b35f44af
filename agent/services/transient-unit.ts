import { writeFile } from 'node:fs/promises';
import { AppError } from '../../shared/errors.js';
import type { Account, Argv, Exec } from '../../shared/ports/exec.js';
import { keepPrevious, type Ending } from '../../shared/ports/spawn-detached.js';
import { fileNameOf } from './record.js';
import type { Systemctl } from './systemctl.js';
import { signalName, type Unit } from './systemd-unit.js';

export interface TransientJob {
  readonly unit: string;
  readonly description: string;
  readonly argv: Argv;
  /** The whole environment, but for what systemd adds. */
  readonly env: Readonly<Record<string, string>>;
  readonly account: Account | null;
}

/**
 * Commands as units of systemd that exist as long as they are needed: such a command is no child of the agent, in no control group of
 * the agent, and outside its sandbox. Needs systemd 240, and root.
 */
export interface TransientUnits {
  /**
   * Starts a command, and leaves it and what it leaves alone. Resolves when the command has been executed.
   * Errors: `failed` (no such program, not executable; what systemd-run said), `timeout`, `cancelled`.
   */
  start(job: TransientJob & { readonly outputFile: string }, signal: AbortSignal): Promise<void>;
  /** Runs a command to its end. A bad end is `failed` with its last line; one that is given up is killed with all that it started. */
  run(job: TransientJob, limits: { readonly timeoutMs: number; readonly signal: AbortSignal }): Promise<void>;
  /** Main process (0: none) and end of a command that was started; null: systemd knows nothing of it (any more). */
  lookAt(unit: string, signal: AbortSignal): Promise<{ readonly pid: number; readonly ended: Ending | null } | null>;
  /** Ends what is left of a command, and forgets it. */
  discard(unit: string, signal: AbortSignal): Promise<void>;
}

export function createTransientUnits(exec: Exec, systemctl: Systemctl): TransientUnits {
  return {
    async start(job, signal) {
      await keepPrevious(job.outputFile);
      await writeFile(job.outputFile, '', { mode: 0o600 });
      const { code, stderr } = await exec(startArgv(job), { timeoutMs: TIMEOUT_MS, signal });
      if (code !== 0) throw refusal(job, stderr);
    },

    async run(job, { timeoutMs, signal }) {
      try {
        const { code, stdout, stderr } = await exec(runArgv(job), { timeoutMs, signal });
        if (code === 0) return;
        const said = stderr === '' ? stdout : stderr;
        throw new AppError('failed', `${job.argv.join(' ')} ended with ${code ?? 'a signal'}: ${said.trimEnd().split('\n').at(-1) ?? ''}`);
      } catch (error) {
        // systemd-run itself is gone; what it began is not. No signal: whoever gave up must not stop this as well.
        const { signal: ours } = new AbortController();
        await systemctl.order('kill', job.unit, ours).catch(unlessAbsent);
        throw error;
      }
    },

    async lookAt(unit, signal) {
      const found = await systemctl.show(unit, signal);
      if (found.load !== 'loaded') return null;
      return { pid: found.mainPid, ended: found.mainPid > 0 ? null : endOf(found) };
    },

    async discard(unit, signal) {
      await systemctl.order('stop', unit, signal).catch(unlessAbsent);
      await systemctl.order('reset-failed', unit, signal).catch(unlessAbsent);
    },
  };
}

function endOf({ ended }: Unit): Ending | null {
  if (ended === null) return null;
  return ended.how === 'exited' ? { code: ended.status, signal: null } : { code: null, signal: signalName(ended.status) };
}

/** For one start of a service; `token` sets it apart from those before. */
export const unitOfStart = (service: string, token: string): string =>
  `ctl-${fileNameOf(service).replaceAll('%', '_').slice(0, 100)}-${token.slice(0, 8)}.service`;

/** Stays when its command ends well: a daemon that it leaves belongs to it. */
export function startArgv(job: TransientJob & { readonly outputFile: string }): Argv {
  const output = ['Output', 'Error'].map((stream) => `--property=Standard${stream}=append:${job.outputFile}`);
  return ['systemd-run', '--service-type=exec', '--property=RemainAfterExit=yes', ...output, ...commonOptions(job)];
}

export function runArgv(job: TransientJob): Argv {
  return ['systemd-run', '--service-type=exec', '--wait', '--pipe', '--collect', ...commonOptions(job)];
}

function commonOptions({ unit, description, argv, env, account }: TransientJob): string[] {
  return [
    '--quiet',
    '--no-ask-password',
    `--unit=${unit}`,
    `--description=${description}`,
    ...(account === null ? [] : [`--uid=${account.uid}`, `--gid=${account.gid}`]),
    '--working-directory=/',
    ...Object.entries(env)
      .filter(([name]) => !OF_THE_AGENT.test(name))
      .map(([name, value]) => `--setenv=${name}=${value}`),
    '--',
    // systemd puts variables into arguments; a doubled dollar is one dollar.
    ...argv.map((argument) => argument.replaceAll('$', '$$$$')),
  ];
}

/** What systemd told the agent's own unit: the service gets its own. */
const OF_THE_AGENT =
  /^(?:INVOCATION_ID|JOURNAL_STREAM|NOTIFY_SOCKET|MAINPID|MANAGERPID|SYSTEMD_.*|WATCHDOG_.*|LISTEN_.*|CREDENTIALS_DIRECTORY|(?:RUNTIME|STATE|CACHE|LOGS|CONFIGURATION)_DIRECTORY)$/;

const TIMEOUT_MS = 30_000;

function refusal({ argv, unit }: TransientJob, stderr: string): AppError {
  const said = stderr.trim().split('\n')[0] ?? '';
  if (/failed to find executable|no such file or directory/i.test(said))
    return new AppError('failed', `${argv[0]}: no such program`, { hint: `is ${argv[0]} installed, and its path right?` });
  return new AppError('failed', `${argv[0]} was not started: ${said}`, { hint: `look at it with: systemctl status ${unit}` });
}

function unlessAbsent(error: unknown): void {
  if (!(error instanceof AppError) || error.code !== 'not-found') throw error;
}
