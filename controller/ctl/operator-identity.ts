import { homedir } from 'node:os';
import { join as joinPath } from 'node:path';
import { AppError } from '../../shared/errors.js';
import type { Member } from '../../shared/model/identity.js';
import { type Certified, readCertificate } from '../../shared/pki/certificate.js';
import { readIdentityFile, writeIdentityFile } from '../../shared/pki/identity-file.js';
import { type Address, formatAddress, parseAddress } from '../../shared/rpc/address.js';

/** By what `ctl` proves who types, for each controller that he has logged in to. */
export interface OperatorIdentity {
  /** null: he has not logged in there. Errors: `config` (damaged; others can read it), `denied` (expired). */
  credentials(address: string): Promise<Certified | null>;
  /** Gets a certificate with a token, and keeps it. Errors: `denied`, `unreachable`, `usage`. */
  login(invitation: Invitation, signal: AbortSignal): Promise<Login>;
  keep(address: string, certified: Certified): Promise<void>;
}

export interface Invitation {
  readonly controller: string;
  readonly token: string;
  readonly fingerprint: string;
}

export interface Login {
  readonly member: Member;
  readonly file: string;
  /** Epoch ms. */
  readonly expiresAt: number;
}

export function createOperatorIdentity(env: Readonly<Record<string, string | undefined>>): OperatorIdentity {
  const fileOf = (address: Address) => joinPath(folderOf(env), `${formatAddress(address).replaceAll(/[^A-Za-z0-9.-]/g, '_')}.pem`);

  return {
    async credentials(address) {
      const parsed = parseAddress(address);
      if (parsed.kind === 'unix') return null;
      const kept = await readIdentityFile(fileOf(parsed));
      if (kept !== null) assertValid(kept, address);
      return kept;
    },
    async login({ controller, token, fingerprint }, signal) {
      const address = parseAddress(controller);
      const { join } = await import('../../shared/rpc/join.js');
      const joined = await join({ address, token, fingerprint, kind: 'operator', name: null }, signal);
      const file = fileOf(address);
      await writeIdentityFile(file, joined);
      return { member: joined.member, file, expiresAt: readCertificate(joined.own.certificate).notAfter };
    },
    keep: (address, certified) => writeIdentityFile(fileOf(parseAddress(address)), certified),
  };
}

/** As the XDG base directories say. */
function folderOf({ XDG_CONFIG_HOME, HOME }: Readonly<Record<string, string | undefined>>): string {
  const configured = XDG_CONFIG_HOME?.startsWith('/') === true ? XDG_CONFIG_HOME : joinPath(HOME ?? homedir(), '.config');
  return joinPath(configured, 'ctl');
}

function assertValid({ own }: Certified, address: string): void {
  const { notAfter } = readCertificate(own.certificate);
  if (Date.now() < notAfter) return;
  const iso = (at: number) => new Date(at).toISOString();
  throw new AppError(
    'denied',
    `your certificate for ${address} expired at ${iso(notAfter)}, by the clock of this host (${iso(Date.now())})`,
    {
      hint: 'somebody with access to the host of the controller makes a token: ctl-controller token create --operator NAME',
    },
  );
}
