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
  if (caller.kind === 'anonymous') throw uncertified(clock);
  if (service === IDENTITY) return;
  const allowed =
    caller.kind === 'agent' ? service === AGENT_LINK : service === CONTROL && (caller.role === 'operator' || READS.includes(method));
  if (!allowed) throw forbidden(caller, method);
}

const IDENTITY = 'ctl.v1.Identity';
const AGENT_LINK = 'ctl.v1.AgentLink';
const CONTROL = 'ctl.v1.Control';

/** What a viewer may call: all that changes nothing. A check measures, and touches no service. */
export const READS: readonly string[] = ['Check', 'Status', 'Plan', 'Operations', 'Events', 'Balancers', 'Log', 'DiffConfig'];

const uncertified = (clock: number): AppError =>
  new AppError('denied', `no certificate that this controller accepts was shown (its clock says ${new Date(clock).toISOString()})`, {
    hint: 'join, or join again: `ctl-controller token create` on its host prints the command. If that does not help, compare the clocks',
  });

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
