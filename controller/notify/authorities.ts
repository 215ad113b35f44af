import { readFile } from 'node:fs/promises';
import { AppError, isErrno, messageOf } from '../../shared/errors.js';

/**
 * Certificates (PEM) of those who may vouch for the SMTP server: the ones in `file`; without it those that this system trusts (undefined: it
 * has no list of its own in a place that we know, so those that come with Node). Read each time: they are renewed meanwhile.
 * Errors: `config` (a `file` that cannot be read).
 */
export async function trustedAuthorities(file: string | null): Promise<string | undefined> {
  if (file !== null) return read(file);
  for (const bundle of BUNDLES) {
    try {
      return await readFile(bundle, 'utf8');
    } catch (error) {
      if (!isErrno(error, 'ENOENT', 'ENOTDIR', 'EACCES')) throw unreadable(bundle, error);
    }
  }
  return undefined;
}

/** Debian, Fedora and its kin, SUSE, BSD. */
const BUNDLES = ['/etc/ssl/certs/ca-certificates.crt', '/etc/pki/tls/certs/ca-bundle.crt', '/etc/ssl/ca-bundle.pem', '/etc/ssl/cert.pem'];

async function read(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw unreadable(file, error);
  }
}

const unreadable = (file: string, error: unknown) =>
  new AppError('config', `the certificates in ${file} can't be read: ${messageOf(error)}`, { cause: error, hint: 'set mail_ca_file' });
