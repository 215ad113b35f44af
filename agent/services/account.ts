import { AppError } from '../../shared/errors.js';
import type { Account, Exec } from '../../shared/ports/exec.js';

/**
 * Whom the commands of a service run as: null for the agent's own user. Asks `id`, so that every name service counts.
 * Errors: `config` (no such user), `denied` (only root may become somebody else).
 */
export async function resolveAccount(
  user: string | null,
  exec: Exec,
  self: { readonly uid: number },
  signal: AbortSignal,
): Promise<Account | null> {
  if (user === null) return null;
  const [uid, gid] = [await askFor('-u', user, exec, signal), await askFor('-g', user, exec, signal)];
  if (uid === self.uid) return null;
  if (self.uid !== 0) {
    throw new AppError('denied', `the agent (uid ${self.uid}) cannot run a command as ${user}`, {
      hint: `run the agent as root or as ${user}`,
    });
  }
  return { uid, gid };
}

/** Errors: `config` (no such user). */
export const uidOfUser = (user: string, exec: Exec, signal: AbortSignal): Promise<number> => askFor('-u', user, exec, signal);

async function askFor(flag: '-u' | '-g', user: string, exec: Exec, signal: AbortSignal): Promise<number> {
  const { code, stdout, stderr } = await exec(['id', flag, '--', user], { timeoutMs: 5_000, signal });
  if (code !== 0 || !/^\d+\s*$/.test(stdout)) {
    throw new AppError('config', `user ${user} is not known on this host: ${stderr.trim()}`, { hint: 'see `user` in agent.ini' });
  }
  return Number(stdout);
}
