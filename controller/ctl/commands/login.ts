import { describeIdentity } from '../../../shared/model/identity.js';
import { EXIT } from '../exit-codes.js';
import { toLine } from '../format/error.js';
import { printable } from '../format/text.js';
import type { LoginInvocation } from '../typed/actions/login.js';
import type { Session } from '../session.js';

/** Asks no controller of a cluster.ini: the address is typed. */
export async function login({ deps, options, signal }: Session, { controller, token, fingerprint }: LoginInvocation): Promise<number> {
  const { member, file, expiresAt } = await deps.login({ controller, token, fingerprint }, signal);
  const until = new Date(expiresAt).toISOString();
  const role = member.kind === 'operator' ? member.role : null;
  deps.terminal.out(
    options.json
      ? toLine({ schema: 1, action: 'login', exit: EXIT.well, name: member.name, role, controller: controller, until })
      : `logged in to ${printable(controller)} as ${describeIdentity(member)} until ${until}, renewed by use: ${printable(file)}\n`,
  );
  return EXIT.well;
}
