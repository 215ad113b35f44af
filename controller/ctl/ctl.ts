import { linkSignals } from '../../shared/abort.js';
import { AppError, toAppError } from '../../shared/errors.js';
import type { CtlDeps } from './deps.js';
import { dispatch } from './dispatch.js';
import { exitOfError } from './exit-codes.js';
import { quoted } from './format/advice.js';
import { errorToJson, formatError, toLine } from './format/error.js';
import { formatNagiosError } from './format/nagios.js';
import { createStyle } from './format/style.js';
import type { Session } from './session.js';
import { guessAction, parseArgs, type Printed } from './typed/args.js';
import type { Invocation } from './typed/grammar.js';

/** Carries out one command line and answers the exit code. Never rejects: what fails is on the terminal. */
export async function runCtl(argv: readonly string[], deps: CtlDeps & { readonly version: string }): Promise<number> {
  const { color, unicode } = deps.terminal;
  const colorless = argv.includes('--no-color');
  const style = createStyle({ color: color.out && !colorless, unicode });
  const errStyle = createStyle({ color: color.err && !colorless, unicode });
  let invocation: Invocation | Printed | null = null;
  let stopListening: () => void = () => undefined;
  try {
    invocation = parseArgs(argv, deps.version);
    if (invocation.action === 'print') {
      deps.terminal.out(invocation.text);
      return 0;
    }
    const { file } = invocation;
    const cancelling = new AbortController();
    using bound = linkSignals([cancelling.signal], invocation.timeoutMs ?? undefined, `ctl ${invocation.action}`);
    stopListening = deps.interrupts.listen(() => cancelling.abort(new AppError('cancelled', 'interrupted')));
    const command = (...words: string[]) => ['ctl', ...words, ...(file === 'cluster.ini' ? [] : ['-c', quoted(file)])].join(' ');
    return await dispatch({ deps, options: invocation, style, errStyle, command, signal: bound.signal }, invocation);
  } catch (error) {
    const failure = toAppError(error, 'internal', 'a defect of ctl', 'please report it, with the output of the same command and -v');
    return tell(failure, invocation, argv, deps, errStyle);
  } finally {
    stopListening();
  }
}

const STREAMS: readonly string[] = ['log', 'start', 'restart', 'stop', 'repair', 'rotate', 'purge', 'operations show', 'operations resume'];

function tell(
  error: AppError,
  invocation: Invocation | Printed | null,
  argv: readonly string[],
  deps: CtlDeps,
  style: Session['style'],
): number {
  const { terminal } = deps;
  if (argv.includes('--nagios') && !argv.includes('--json')) {
    const { line, exit } = formatNagiosError(error);
    terminal.out(`${line}\n`);
    return exit;
  }
  const exit = exitOfError(error.code);
  if (argv.includes('--json')) {
    const action = invocation?.action ?? guessAction(argv);
    const stream = action !== null && STREAMS.includes(action) && !argv.includes('--dry-run') ? { operation: null } : undefined;
    terminal.out(toLine(errorToJson(error, { action, exit, stream })));
  } else terminal.err(formatError(error, exit, argv.includes('-v'), style));
  return exit;
}
