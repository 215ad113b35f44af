import { join } from 'node:path';
import { AppError } from '../shared/errors.js';
import type { Log } from '../shared/log.js';
import { type Certified, readCertificate } from '../shared/pki/certificate.js';
import { readIdentityFile, writeIdentityFile } from '../shared/pki/identity-file.js';
import type { Clock } from '../shared/ports/clock.js';
import type { RpcChannel } from '../shared/rpc/client.js';
import { keepUp } from '../shared/rpc/upkeep.js';

/** By what the agent proves who it is, and how that stays valid. */
export interface AgentIdentity {
  /** null: it has not joined. Errors: `config` (the file is damaged, or others can read it; it is of another name). */
  credentials(): Promise<Certified | null>;
  /** As long as a session lasts: takes over whom to trust, renews the certificate in time, over this connection. Never rejects. */
  attend(channel: RpcChannel, signal: AbortSignal): Promise<void>;
}

export interface AgentIdentityOptions {
  readonly stateDir: string;
  /** [agent] name. */
  readonly name: string;
}

/** Where a host that has joined keeps its key and its certificate. */
export const identityFile = (stateDir: string): string => join(stateDir, 'identity.pem');

export function createAgentIdentity(
  { clock, log }: { readonly clock: Clock; readonly log: Log },
  { stateDir, name }: AgentIdentityOptions,
): AgentIdentity {
  const file = identityFile(stateDir);

  return {
    async credentials() {
      const kept = await readIdentityFile(file);
      if (kept !== null) assertUsable(kept);
      return kept;
    },
    async attend(channel, signal) {
      const over = () => signal.aborted;
      while (!over()) {
        try {
          await lookAfter(channel, signal);
        } catch (error) {
          if (over()) return;
          log.warn({ error }, 'the certificate of this agent could not be looked after: it is tried again');
        }
        await clock.sleep(LOOK_MS, signal).catch(() => undefined);
      }
    },
  };

  async function lookAfter(channel: RpcChannel, signal: AbortSignal): Promise<void> {
    const kept = await readIdentityFile(file);
    const next = kept === null ? null : await keepUp(channel, kept, clock.now(), signal);
    if (next === null) return;
    await writeIdentityFile(file, next);
    const until = iso(readCertificate(next.own.certificate).notAfter);
    log.info({ until, authorities: next.authorities.length }, 'the certificate of this agent, or whom it trusts, is new');
  }

  function assertUsable({ own }: Certified): void {
    const { identity, notAfter } = readCertificate(own.certificate);
    if (identity?.kind !== 'agent' || identity.name !== name)
      throw new AppError(
        'config',
        `the certificate in ${file} is not of agent ${name}${identity?.kind === 'agent' ? `, but of ${identity.name}` : ''}`,
        {
          hint: `[agent] name in agent.ini must be the name that joined: set it, or join again as ${name}`,
        },
      );
    if (clock.now() >= notAfter)
      throw new AppError(
        'denied',
        `the certificate of this agent expired at ${iso(notAfter)}, by the clock of this host (${iso(clock.now())})`,
        {
          hint: '`ctl-controller token create` on the host of the controller prints the command to join again. Is the clock right?',
        },
      );
  }
}

const LOOK_MS = 600_000;
const iso = (at: number): string => new Date(at).toISOString();
