import type { IniDocument, Problem } from '../../shared/ini/ini.js';
import { referencesOf } from '../../shared/ini/interpolation.js';
import { Secret } from '../../shared/model/secret.js';
import { placeOf, type Reader } from './reader.js';
import { FIXED_SECTIONS } from './schema/schema.js';
import { CONNECT_KEYS } from './schema/sections.js';

/** Where a password can come from beside the ini file: read before, so that reading the configuration stays pure. */
export interface SecretSources {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** What `passwd_file` holds, or why that could not be read; null if it was not looked at. */
  readonly passwdFile: SecretFile | null;
  /** The same of `mail_password_file`. */
  readonly mailPasswordFile: SecretFile | null;
}

export type SecretFile = { readonly ok: true; readonly text: string } | { readonly ok: false; readonly why: string };

export const NO_SECRETS: SecretSources = { env: {}, passwdFile: null, mailPasswordFile: null };

/** Where a file that holds a secret has it. */
export const firstLine = (text: string): string => text.split(/\r?\n/, 1)[0] ?? '';

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
    if (found.ok) return new Secret(firstLine(found.text));
    reader.report('error', placeOf(section, 'passwd_file'), `${file}: ${found.why}`);
  }
  if (variable !== '') {
    const found = sources.env[variable];
    if (found !== undefined) return new Secret(found);
    reader.report('error', placeOf(section, 'passwd_env'), `the environment has no variable ${variable}`);
  }
  return passwd;
}

/** A message about a value that must not be shown tells what is wrong with it, and nothing of it. */
export function maskSecrets(document: IniDocument, problems: readonly Problem[]): Problem[] {
  const hidden = secretKeys(document);
  return problems.map((problem) => {
    if (problem.key === null || !hidden.has(problem.key)) return problem;
    if (problem.severity === 'error' && /%\(|->/.test(problem.message))
      return { ...problem, message: 'a reference %(name)s in it cannot be resolved', hint: 'write %% for a single %' };
    const message = problem.message.replace(/".*"|\[.*\]/s, REDACTED);
    return message === problem.message ? problem : { ...problem, message, hint: null };
  });
}

/** What stands for a value that must not be shown. */
export const REDACTED = new Secret('').toString();

/**
 * The keys whose values must not be shown: passwords, what a password is made of, and whatever refers to one of these. By name, over
 * all sections: to hide too much does no harm.
 */
export function secretKeys(document: IniDocument): ReadonlySet<string> {
  const sections = [document.defaults, ...document.sections.values()];
  const links = sections.flatMap((section) =>
    [...section.own.values()].map((entry) => ({ key: entry.key, names: referencesOf(entry.raw) })),
  );
  const secret = new Set([...SECRET_KEYS, ...links.flatMap(({ key }) => (LIKE_PASSWORD.test(key) ? key : []))]);
  for (let size = 0; size !== secret.size;) {
    size = secret.size;
    for (const { key, names } of links) if (secret.has(key)) for (const name of names) secret.add(name);
  }
  for (let size = 0; size !== secret.size;) {
    size = secret.size;
    for (const { key, names } of links) if (names.some((name) => secret.has(name))) secret.add(key);
  }
  return secret;
}

/** Also of keys that nobody reads. */
const LIKE_PASSWORD = /passw(?:or)?d$/;

const SECRET_KEYS: readonly string[] = Object.values(FIXED_SECTIONS).flatMap((keys) =>
  Object.values(keys).flatMap((key) => (key.type.name === 'secret' ? key.key : [])),
);
