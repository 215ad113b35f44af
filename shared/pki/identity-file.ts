import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { AppError, isErrno, toAppError } from '../errors.js';
import { makeFolder, writeFileAtomic } from '../ports/files.js';
import type { Certified } from './certificate.js';

/**
 * What somebody who has joined keeps: his key, his certificate, the authorities that he trusts, in one file, so that a renewal replaces
 * all of it or nothing. Resolves with null if there is none. Errors: `config` (damaged; others can read it).
 */
export async function readIdentityFile(path: string): Promise<Certified | null> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
    if (process.platform !== 'win32') assertPrivate(path, (await stat(path)).mode);
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return null;
    throw toAppError(error, 'config', `the identity in ${path} cannot be read`, 'it belongs to the user who joined');
  }
  const [key] = KEY.exec(text) ?? [];
  const [certificate, ...authorities] = text.match(CERTIFICATE) ?? [];
  if (key === undefined || certificate === undefined || authorities.length === 0 || !belongTogether(key, certificate))
    throw new AppError('config', `${path} is damaged: it holds no key with its certificate`, { hint: `remove it, and join again` });
  return { own: { key, certificate }, authorities };
}

/** The folder is made (0700), the file replaced at once (0600). */
export async function writeIdentityFile(path: string, { own, authorities }: Certified): Promise<void> {
  await makeFolder(dirname(path));
  await writeFileAtomic(path, [own.key, own.certificate, ...authorities].map((pem) => `${pem.trim()}\n`).join(''), 0o600);
}

const KEY = /-----BEGIN PRIVATE KEY-----[^-]+-----END PRIVATE KEY-----/;
const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/** A key that others can read is a key that others have. */
function assertPrivate(path: string, mode: number): void {
  if ((mode & 0o077) === 0) return;
  throw new AppError('config', `${path} holds a private key, and others can read it (mode ${(mode & 0o777).toString(8)})`, {
    hint: `if nobody has: chmod 600 ${path}. Else revoke it (\`ctl-controller revoke NAME\`) and join again`,
  });
}

function belongTogether(key: string, certificate: string): boolean {
  try {
    return new X509Certificate(certificate).checkPrivateKey(createPrivateKey(key));
  } catch {
    // Not even PEM.
    return false;
  }
}
