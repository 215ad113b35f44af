import { AppError, toAppError } from '../../shared/errors.js';
import { throwIfAborted } from '../../shared/abort.js';
import type { Exec } from '../../shared/ports/exec.js';
import { parseUnit, UNIT_PROPERTIES, type Unit } from './systemd-unit.js';

/** systemd's own tools, one call each; every call is bounded. */
export interface Systemctl {
  /** Errors: `failed` (no systemd there, or an answer that is not understood), `timeout`, `cancelled`. */
  show(unit: string, signal: AbortSignal): Promise<Unit>;
  /**
   * Resolves when systemd has taken the order, not when it has been carried out.
   * Errors: `denied`, `not-found`, `failed` (what systemd said), `timeout`, `cancelled`.
   */
  order(verb: 'start' | 'stop' | 'reset-failed' | 'kill', unit: string, signal: AbortSignal): Promise<void>;
  /** The end of what one run of a unit wrote to the journal; '' if that cannot be had: it only adds to a message. */
  lastOutput(invocation: string, signal: AbortSignal): Promise<string>;
}

export function createSystemctl(exec: Exec, inherited: Readonly<Record<string, string>>): Systemctl {
  const env = { ...inherited, LC_ALL: 'C', SYSTEMD_COLORS: '0' };
  return {
    async show(unit, signal) {
      const argv = ['systemctl', 'show', '--no-pager', '-p', UNIT_PROPERTIES.join(','), '--', unit] as const;
      const { code, stdout, stderr } = await exec(argv, { timeoutMs: TIMEOUT_MS, signal, env });
      if (code !== 0) throw new AppError('failed', `systemctl show ${unit}: ${firstLine(stderr)}`);
      try {
        return parseUnit(stdout);
      } catch (error) {
        throw toAppError(error, 'failed', unit);
      }
    },

    async order(verb, unit, signal) {
      const argv = ['systemctl', verb, ...OPTIONS[verb], '--no-ask-password', '--', unit] as const;
      const { code, stderr } = await exec(argv, { timeoutMs: TIMEOUT_MS, signal, env });
      if (code !== 0) throw refusal(verb, unit, firstLine(stderr));
    },

    async lastOutput(invocation, signal) {
      if (!/^[0-9a-f]{32}$/.test(invocation)) return '';
      const argv = ['journalctl', '-q', '--no-pager', '-o', 'cat', '-n', `${LAST_LINES}`, `_SYSTEMD_INVOCATION_ID=${invocation}`] as const;
      const run = await exec(argv, { timeoutMs: JOURNAL_TIMEOUT_MS, signal, env }).catch(() => null);
      throwIfAborted(signal);
      if (run?.code !== 0) return '';
      const lines = run.stdout.split('\n').filter((line) => line.trim() !== '');
      return lines.slice(-LAST_LINES).join(' | ').trim();
    },
  };
}

const OPTIONS = {
  start: ['--no-block'],
  stop: ['--no-block'],
  'reset-failed': [],
  kill: ['--signal=SIGKILL'],
} as const;

/** systemd takes an order, or answers a question, at once. */
const TIMEOUT_MS = 10_000;
const JOURNAL_TIMEOUT_MS = 2_000;
const LAST_LINES = 3;

function refusal(verb: string, unit: string, said: string): AppError {
  const message = `systemctl ${verb} ${unit}: ${said}`;
  if (/access denied|authentication (is )?required|not authorized|permission denied/i.test(said)) {
    return new AppError('denied', message, {
      hint: `run the agent as root, or allow its user org.freedesktop.systemd1.manage-units for ${unit} in a polkit rule`,
    });
  }
  if (/ not found\.?$| not loaded\.?$/.test(said)) return new AppError('not-found', message);
  return new AppError('failed', message, { hint: `look at it with: systemctl status ${unit}` });
}

const firstLine = (text: string): string => text.trim().split('\n')[0] ?? '';
