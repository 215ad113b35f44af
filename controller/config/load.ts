import { readIniFile } from '../../shared/ini/file.js';
import { parseIni, sortProblems, type IniDocument, type Problem } from '../../shared/ini/ini.js';
import { parseCluster, type LoadedCluster } from './parse.js';
import { openSecrets } from './permissions.js';
import { createReader } from './reader.js';
import { CONNECT_KEYS } from './schema/sections.js';
import type { SecretSources } from './secrets.js';

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
  const passwdFile = passwdFileOf(document, file.realPath);
  const secret = passwdFile === '' ? null : await readIniFile(passwdFile);
  const text = secret?.ok === true ? { ok: true as const, text: secret.bytes.toString('utf8') } : secret;
  const loaded = parseCluster(file.bytes, file.realPath, { file: path, secrets: { env, passwdFile: text } });
  return { ...loaded, problems: sortProblems([...loaded.problems, ...(await openSecrets(document, file))]) };
}

/** Where `passwd_file` of a cluster.ini at `path` leads; '' if it has none. */
export function passwdFileOf(document: IniDocument, path: string): string {
  return createReader(document, path, new Set()).read(document.sections.get('connect'), CONNECT_KEYS.passwd_file);
}
