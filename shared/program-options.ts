import { parseArgs } from 'node:util';
import { AppError, messageOf } from './errors.js';
import { LOG_LEVELS, type LogLevel } from './log.js';

export interface ProgramOptions {
  /** Path of the configuration file. */
  readonly file: string;
  readonly logLevel: LogLevel;
  /** Only tell the version, or the usage. */
  readonly only: 'version' | 'help' | null;
}

/** `PROGRAM [-c FILE] [--log-level LEVEL]`, for ctl-controller and ctl-agent. Errors: `usage`. */
export function parseOptions(argv: readonly string[], defaultFile: string): ProgramOptions {
  const values = read(argv);
  const logLevel = LOG_LEVELS.find((level) => level === (values['log-level'] ?? 'info'));
  if (logLevel === undefined)
    throw new AppError('usage', `--log-level ${values['log-level'] ?? ''} is not a level`, { hint: `one of ${LOG_LEVELS.join(', ')}` });
  return { file: values.config ?? defaultFile, logLevel, only: values.version === true ? 'version' : values.help === true ? 'help' : null };
}

function read(argv: readonly string[]) {
  try {
    const { values } = parseArgs({
      args: [...argv],
      options: {
        config: { type: 'string', short: 'c' },
        'log-level': { type: 'string' },
        version: { type: 'boolean', short: 'V' },
        help: { type: 'boolean', short: 'h' },
      },
    });
    return values;
  } catch (error) {
    throw new AppError('usage', messageOf(error), { hint: 'see --help', cause: error });
  }
}

/** What a daemon that could not start says, and what to do about it. */
export function printError(program: string, error: unknown): string {
  const hint = error instanceof AppError && error.hint !== undefined ? `\n  ${error.hint}` : '';
  return `${program}: ${messageOf(error)}${hint}\n`;
}

/** 2 usage or configuration, 4 somebody else holds it, 1 anything else. */
export function exitCodeOf(error: unknown): number {
  if (!(error instanceof AppError)) return 1;
  return { usage: 2, config: 2, conflict: 4 }[error.code as string] ?? 1;
}
