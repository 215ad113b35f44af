import type { IniDocument } from '../../shared/ini/ini.js';
import { Secret } from '../../shared/model/secret.js';
import { placeOf, type Reader } from './reader.js';
import { CONNECT_KEYS } from './schema/sections.js';

/** Where a password can come from beside the ini file: read before, so that reading the configuration stays pure. */
export interface SecretSources {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** What `passwd_file` holds, or why that could not be read; null if it was not looked at. */
  readonly passwdFile: { readonly ok: true; readonly text: string } | { readonly ok: false; readonly why: string } | null;
}

export const NO_SECRETS: SecretSources = { env: {}, passwdFile: null };

/** The password of the HTTP checks, from the one of its three places that the file names. */
export function readPassword(document: IniDocument, sources: SecretSources, reader: Reader): Secret<string> {
  const section = document.sections.get('connect');
  if (section === undefined) return new Secret('');
  const passwd = reader.read(section, CONNECT_KEYS.passwd);
  const file = reader.read(section, CONNECT_KEYS.passwd_file);
  const variable = reader.read(section, CONNECT_KEYS.passwd_env);
  const used = [
    ...(passwd.reveal() === '' ? [] : ['passwd']),
    ...(file === '' ? [] : ['passwd_file']),
    ...(variable === '' ? [] : ['passwd_env']),
  ];
  if (used.length > 1)
    reader.report('error', placeOf(section, used[1]), `${used.join(' and ')} are set: only one of them can hold the password`);
  if (file !== '') {
    const found = sources.passwdFile ?? { ok: false, why: 'it was not read' };
    if (found.ok) return new Secret(found.text.split(/\r?\n/, 1)[0] ?? '');
    reader.report('error', placeOf(section, 'passwd_file'), `${file}: ${found.why}`);
  }
  if (variable !== '') {
    const found = sources.env[variable];
    if (found !== undefined) return new Secret(found);
    reader.report('error', placeOf(section, 'passwd_env'), `the environment has no variable ${variable}`);
  }
  return passwd;
}
