import { balancer } from './commands/balancer.js';
import { check } from './commands/check.js';
import { answerCompletion } from './commands/completion.js';
import { configDiff } from './commands/config-diff.js';
import { config } from './commands/config.js';
import { events } from './commands/events.js';
import { lock } from './commands/lock.js';
import { log, logStats } from './commands/log.js';
import { login } from './commands/login.js';
import { mail } from './commands/mail.js';
import { mem } from './commands/mem.js';
import { operations } from './commands/operations.js';
import { perf } from './commands/perf.js';
import { purge } from './commands/purge.js';
import { repair } from './commands/repair.js';
import { roll } from './commands/roll.js';
import { rotate } from './commands/rotate.js';
import { status } from './commands/status.js';
import { COMPLETION_SCRIPTS } from './completion/scripts.js';
import { EXIT } from './exit-codes.js';
import { withController, type Session } from './session.js';
import type { Invocation } from './typed/grammar.js';

/** Hands what was typed to its command, with a controller if it asks one. Answers the exit code. */
export function dispatch(session: Session, invocation: Invocation): Promise<number> {
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
