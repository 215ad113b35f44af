import { AppError } from '../../shared/errors.js';
import { type Argv, exec } from '../../shared/ports/exec.js';

const HOOK_MS = 60_000;
/** Of what it wrote last: as much as fits a line of a report. */
const KEPT_LINES = 5;
const KEPT_CHARACTERS = 500;

/** Runs a command of the operator's on this host, with the client's name behind its arguments. Errors: `failed`, `timeout` (it was killed). */
export async function runHook(argv: Argv, member: string | null, signal: AbortSignal): Promise<void> {
  const command: Argv = member === null ? argv : [...argv, member];
  const { code, signal: by, stdout, stderr } = await exec(command, { timeoutMs: HOOK_MS, signal, keepBytes: 1_048_576 });
  if (code === 0) return;
  const end = code === null ? `was ended by ${by ?? 'a signal'}` : `ended with ${code}`;
  const said = lastLines(stderr.trim() === '' ? stdout : stderr);
  throw new AppError('failed', `${command.join(' ')} ${end}${said === '' ? '' : `: ${said}`}`);
}

const lastLines = (text: string): string => text.trim().split('\n').slice(-KEPT_LINES).join(' | ').slice(-KEPT_CHARACTERS);
