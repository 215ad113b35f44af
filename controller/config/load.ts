import { readIniFile, type IniFile } from '../../shared/ini/file.js';
import { parseIni, sortProblems, type IniDocument, type Problem } from '../../shared/ini/ini.js';
import { parseCluster, type LoadedCluster } from './parse.js';
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
  return { ...loaded, problems: sortProblems([...loaded.problems, ...openToOthers(document, file, secret)]) };
}

/** Where `passwd_file` of a cluster.ini at `path` leads; '' if it has none. */
export function passwdFileOf(document: IniDocument, path: string): string {
  return createReader(document, path, new Set()).read(document.sections.get('connect'), CONNECT_KEYS.passwd_file);
}

/** A password that every user of the machine can read is one no more. Windows has no such modes. */
function openToOthers(document: IniDocument, file: Extract<IniFile, { ok: true }>, secret: IniFile | null): Problem[] {
  if (process.platform === 'win32') return [];
  const connect = document.sections.get('connect');
  const warn = (key: string, what: string): Problem[] => {
    const entry = connect?.get(key)?.entry;
    if (entry === undefined || entry.raw === '') return [];
    const hint = `chmod o-r ${what}`;
    return [
      {
        severity: 'warning',
        file: document.file,
        line: entry.line,
        section: entry.section,
        key,
        message: 'every user of this machine can read the password',
        hint,
      },
    ];
  };
  return [
    ...((file.mode & 0o004) === 0 ? [] : warn('passwd', document.file)),
    ...(secret?.ok !== true || (secret.mode & 0o004) === 0 ? [] : warn('passwd_file', secret.realPath)),
  ];
}
