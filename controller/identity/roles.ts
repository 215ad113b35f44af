import { AppError } from '../../shared/errors.js';
import { type Caller, describeIdentity } from '../../shared/model/identity.js';

/**
 * Throws `denied` unless the caller may make this call (`/ctl.v1.Control/Run`). What is not named here is for operators alone: a method
 * that somebody adds is closed until he opens it.
 */
export function assertMayCall(caller: Caller, path: string, clock: number): void {
  const [, service = '', method = ''] = path.split('/');
  if (caller.kind === 'local') return;
  if (service === IDENTITY && method === 'Join') return;
  if (caller.kind === 'anonymous') throw uncertified(caller.why, clock);
  if (service === IDENTITY) return;
  const allowed =
    caller.kind === 'agent' ? service === AGENT_LINK : service === CONTROL && (caller.role === 'operator' || READS.includes(method));
  if (!allowed) throw forbidden(caller, method);
}

const IDENTITY = 'ctl.v1.Identity';
const AGENT_LINK = 'ctl.v1.AgentLink';
const CONTROL = 'ctl.v1.Control';

/** What a viewer may call: all that changes nothing. A check measures, and touches no service. */
export const READS: readonly string[] = [
  'Check',
  'Status',
  'Plan',
  'Operations',
  'Events',
  'Balancers',
  'Log',
  'Lock',
  'Memory',
  'Perf',
  'Mails',
  'Incidents',
  'DiffConfig',
];

/** Whether a call would change something in the cluster. */
export const isChange = (path: string): boolean => {
  const [, service = '', method = ''] = path.split('/');
  return service === CONTROL && !READS.includes(method);
};

function uncertified(why: string | null, clock: number): AppError {
  const time = `by the clock of the controller it is ${new Date(clock).toISOString()}`;
  return new AppError(
    'denied',
    why === null ? 'this controller wants a certificate, and none was shown' : `the certificate was not accepted: ${why} (${time})`,
    {
      hint: 'join, or join again: `ctl-controller token create` on the host of the controller prints the command. If the clocks differ, set them first',
    },
  );
}

function forbidden(caller: Exclude<Caller, { kind: 'local' | 'anonymous' }>, method: string): AppError {
  const who = describeIdentity(caller);
  if (caller.kind === 'operator' && caller.role === 'viewer')
    return new AppError('denied', `${who} may look, and change nothing: ${method} is refused`, {
      hint: 'an operator may: `ctl-controller token create --operator NAME --role operator`',
    });
  return new AppError('denied', `${who} may not call ${method}`, {
    hint:
      caller.kind === 'agent' ? 'an agent has a session, nothing else: for ctl, `ctl login`' : 'an operator has no agent: `ctl-agent join`',
  });
}
