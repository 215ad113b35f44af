import { readIniFile } from '../../shared/ini/file.js';
import { parseIni, sortProblems, type IniDocument, type Problem } from '../../shared/ini/ini.js';
import { parseCluster, type LoadedCluster } from './parse.js';
import { openSecrets } from './permissions.js';
import { createReader } from './reader.js';
import { GLOBAL_KEYS } from './schema/defaults.js';
import { CONNECT_KEYS } from './schema/sections.js';
import type { SecretFile, SecretSources } from './secrets.js';

/**
 * Reads cluster.ini from the disk, and the password where it stands elsewhere. Never rejects: what can't be read is a problem like
 * any other. Messages call the file as `path` does; the configuration goes by its real path. `env` is for `passwd_env`.
 */
export async function loadCluster(path: string, env: SecretSources['env'] = {}): Promise<LoadedCluster> {
  const file = await readIniFile(path);
  if (!file.ok) {
    const problem: Problem = { severity: 'error', file: path, line: null, section: null, key: null, message: file.why, hint: null };
    return { config: null, problems: [problem], document: parseIni('', path).document };
  }
  const { document } = parseIni(file.bytes, path);
  const [passwdFile = null, mailPasswordFile = null] = await Promise.all(secretFilesOf(document, file.realPath).map(readSecret));
  const loaded = parseCluster(file.bytes, file.realPath, { file: path, secrets: { env, passwdFile, mailPasswordFile } });
  return { ...loaded, problems: sortProblems([...loaded.problems, ...(await openSecrets(document, file))]) };
}

/** Where `passwd_file` and `mail_password_file` of a cluster.ini at `path` lead; '' for one that it does not have. */
export function secretFilesOf(document: IniDocument, path: string): string[] {
  const reader = createReader(document, path, new Set());
  return [
    reader.read(document.sections.get('connect'), CONNECT_KEYS.passwd_file),
    reader.read(document.defaults, GLOBAL_KEYS.mail_password_file),
  ];
}

async function readSecret(path: string): Promise<SecretFile | null> {
  if (path === '') return null;
  const file = await readIniFile(path);
  return file.ok ? { ok: true, text: file.bytes.toString('utf8') } : file;
}
