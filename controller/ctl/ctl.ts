import { linkSignals } from '../../shared/abort.js';
import { AppError, toAppError } from '../../shared/errors.js';
import { guessAction, parseArgs } from './typed/args.js';
import { balancer } from './commands/balancer.js';
import { check } from './commands/check.js';
import { answerCompletion } from './commands/completion.js';
import { COMPLETION_SCRIPTS } from './completion/scripts.js';
import { config } from './commands/config.js';
import { configDiff } from './commands/config-diff.js';
import { events } from './commands/events.js';
import { lock } from './commands/lock.js';
import { log, logStats } from './commands/log.js';
import { mail } from './commands/mail.js';
import { login } from './commands/login.js';
import { mem } from './commands/mem.js';
import { operations } from './commands/operations.js';
import { perf } from './commands/perf.js';
import { purge } from './commands/purge.js';
import { repair } from './commands/repair.js';
import { roll } from './commands/roll.js';
import { rotate } from './commands/rotate.js';
import { status } from './commands/status.js';
import type { CtlDeps } from './deps.js';
import { EXIT, exitOfError } from './exit-codes.js';
import { errorToJson, formatError, toLine } from './format/error.js';
import { formatNagiosError } from './format/nagios.js';
import { quoted } from './format/advice.js';
import { createStyle } from './format/style.js';
import type { Invocation, Printed } from './typed/invocation.js';
import { withController, type Session } from './session.js';

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

function dispatch(session: Session, invocation: Invocation): Promise<number> {
  switch (invocation.action) {
    case 'check':
      return withController(session, (connected) => check(connected, invocation));
    case 'status':
      return withController(session, (connected) => status(connected, invocation));
    case 'log':
      return withController(session, (connected) => log(connected, invocation));
    case 'mem':
      return withController(session, (connected) => mem(connected, invocation));
    case 'perf':
      return withController(session, (connected) => perf(connected, invocation));
    case 'purge':
      return withController(session, (connected) => purge(connected, invocation));
    case 'log stats':
      return withController(session, (connected) => logStats(connected, invocation));
    case 'start':
    case 'restart':
    case 'stop':
      return withController(session, (connected) => roll(connected, invocation));
    case 'repair':
      return withController(session, (connected) => repair(connected, invocation));
    case 'rotate':
      return withController(session, (connected) => rotate(connected, invocation));
    case 'balancer status':
    case 'balancer out':
    case 'balancer in':
      return withController(session, (connected) => balancer(connected, invocation));
    case 'events':
      return withController(session, (connected) => events(connected, invocation));
    case 'mail status':
    case 'mail test':
      return withController(session, (connected) => mail(connected, invocation));
    case 'operations list':
    case 'operations show':
    case 'operations resume':
    case 'operations abort':
      return withController(session, (connected) => operations(connected, invocation));
    case 'lock':
      return withController(session, (connected) => lock(connected, invocation));
    case 'completion':
      session.deps.terminal.out(COMPLETION_SCRIPTS[invocation.shell]);
      return Promise.resolve(EXIT.well);
    case 'complete':
      return answerCompletion(session, invocation);
    case 'login':
      return login(session, invocation);
    case 'config diff':
      return withController(session, configDiff);
    case 'config check':
    case 'config show':
    case 'config upgrade':
      return config(session, invocation);
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
