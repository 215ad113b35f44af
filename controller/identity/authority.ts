import { readdir, rm } from 'node:fs/promises';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { AppError, isErrno } from '../../shared/errors.js';
import type { Identity } from '../../shared/model/identity.js';
import { type Certificate, type Certified, type KeyPair, readCertificate } from '../../shared/pki/certificate.js';
import { readIdentityFile, writeIdentityFile } from '../../shared/pki/identity-file.js';
import { makeFolder } from '../../shared/ports/files.js';

/** The authorities of this cluster, oldest first: one, or two while one is being replaced. */
export interface Authority extends KeyPair {
  readonly info: Certificate;
}

/** `state_dir`/identity: all that the controller keeps of identities. */
export const identityFolder = (stateDir: string): string => join(stateDir, 'identity');

/** Empty if `ctl-controller init` has not been done. Errors: `config` (a file that is damaged, or that others can read). */
export async function readAuthorities(folder: string): Promise<Authority[]> {
  const names = (await listFolder(folder)).filter((name) => AUTHORITY_FILE.test(name)).sort(byNumber);
  const read = await Promise.all(names.map((name) => readIdentityFile(join(folder, name))));
  // One that went away meanwhile was retired.
  return read.flatMap((found) => (found === null ? [] : [{ ...found.own, info: readCertificate(found.own.certificate) }]));
}

/** Makes one more authority, which signs from now on. */
export async function addAuthority(folder: string, now: number): Promise<Authority> {
  const names = (await listFolder(folder)).filter((name) => AUTHORITY_FILE.test(name)).sort(byNumber);
  const { createAuthority } = await import('../../shared/pki/x509.js');
  // A name of its own: two authorities must never be taken for each other.
  const name = `ctl authority ${randomBytes(4).toString('hex')}`;
  const made = await createAuthority(name, { notBefore: now - SKEW_MS, notAfter: now + AUTHORITY_MS });
  await makeFolder(folder);
  await writeIdentityFile(join(folder, `authority-${numberOf(names.at(-1)) + 1}.pem`), { own: made, authorities: [made.certificate] });
  return { ...made, info: readCertificate(made.certificate) };
}

/** Trusts the newest one alone. What others have signed is worth nothing from then on. */
export async function retireAuthorities(folder: string): Promise<void> {
  const names = (await listFolder(folder)).filter((name) => AUTHORITY_FILE.test(name)).sort(byNumber);
  for (const name of names.slice(0, -1)) await rm(join(folder, name));
}

/** Members are certified by the newest authority; the controller itself by the oldest, which everybody knows already. */
export const issuerOf = (authorities: readonly Authority[]): Authority => needed(authorities.at(-1));
export const anchorOf = (authorities: readonly Authority[]): Authority => needed(authorities[0]);

/** A certificate for `identity`, by `authority`, over the key of a request (DER). */
export async function certify(
  authority: Authority,
  request: Uint8Array,
  identity: Identity,
  now: number,
  hosts: readonly string[] = [],
): Promise<Certificate> {
  const { issueCertificate } = await import('../../shared/pki/x509.js');
  const notAfter = Math.min(now + LIFE_MS, authority.info.notAfter);
  return readCertificate(await issueCertificate(authority, request, { identity, hosts, notBefore: now - SKEW_MS, notAfter }));
}

/** The controller's own key and certificate, made anew and kept. */
export async function certifyController(folder: string, authorities: readonly Authority[], host: string, now: number): Promise<Certified> {
  const { createRequest } = await import('../../shared/pki/x509.js');
  const { key, request } = await createRequest();
  const { pem } = await certify(anchorOf(authorities), request, { kind: 'controller' }, now, [host]);
  const certified: Certified = { own: { key, certificate: pem }, authorities: authorities.map(({ certificate }) => certificate) };
  await writeIdentityFile(controllerFile(folder), certified);
  return certified;
}

export const controllerFile = (folder: string): string => join(folder, 'controller.pem');

/** Clocks may differ by so much. */
const SKEW_MS = 3_600_000;
const DAY_MS = 86_400_000;
const LIFE_MS = 90 * DAY_MS;
const AUTHORITY_MS = 3_650 * DAY_MS;

const AUTHORITY_FILE = /^authority-(\d+)\.pem$/;
const numberOf = (name: string | undefined): number => Number(AUTHORITY_FILE.exec(name ?? '')?.[1] ?? 0);
const byNumber = (a: string, b: string): number => numberOf(a) - numberOf(b);

function needed(authority: Authority | undefined): Authority {
  if (authority !== undefined) return authority;
  throw new AppError('config', 'there is no certificate authority', { hint: 'make it: ctl-controller init' });
}

/** Empty if it is not there. */
export async function listFolder(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return [];
    throw error;
  }
}
