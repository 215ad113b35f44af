import type { Stats } from 'node:fs';
import { open, realpath, stat } from 'node:fs/promises';
import { messageOf } from '../../shared/errors.js';
import { MAX_INI_BYTES, parseIni, sortProblems, type IniDocument, type Problem } from '../../shared/ini/ini.js';
import { parseCluster, type LoadedCluster } from './parse.js';
import { createReader } from './reader.js';
import { CONNECT_KEYS } from './schema/sections.js';
import type { SecretSources } from './secrets.js';

/**
 * Reads cluster.ini from the disk, and the password where it stands elsewhere. Never rejects: what can't be read is a problem like
 * any other. Messages call the file as `path` does; the configuration goes by its real path. `env` is for `passwd_env`.
 */
export async function loadCluster(path: string, env: SecretSources['env'] = {}): Promise<LoadedCluster> {
  const file = await readBounded(path);
  if (!file.ok) {
    const problem: Problem = { severity: 'error', file: path, line: null, section: null, key: null, message: file.why, hint: null };
    return { config: null, problems: [problem], document: parseIni('', path).document };
  }
  const { document } = parseIni(file.bytes, path);
  const passwdFile = passwdFileOf(document, file.realPath);
  const secret = passwdFile === '' ? null : await readBounded(passwdFile);
  const text = secret?.ok === true ? { ok: true as const, text: secret.bytes.toString('utf8') } : secret;
  const loaded = parseCluster(file.bytes, file.realPath, { file: path, secrets: { env, passwdFile: text } });
  return { ...loaded, problems: sortProblems([...loaded.problems, ...openToOthers(document, file, secret)]) };
}

type ReadFile =
  | { readonly ok: true; readonly realPath: string; readonly bytes: Buffer; readonly mode: number }
  | { readonly ok: false; readonly why: string };

/** One byte more than allowed is enough to tell that it is too much. */
async function readBounded(path: string): Promise<ReadFile> {
  try {
    const realPath = await realpath(path);
    const { mode } = await assertFile(realPath);
    const handle = await open(realPath, 'r');
    try {
      const buffer = Buffer.alloc(MAX_INI_BYTES + 1);
      let length = 0;
      for (let read = -1; read !== 0 && length < buffer.length; length += read) {
        read = (await handle.read(buffer, length, buffer.length - length, length)).bytesRead;
      }
      return { ok: true, realPath, bytes: buffer.subarray(0, length), mode };
    } finally {
      await handle.close();
    }
  } catch (error) {
    return { ok: false, why: `can't be read: ${messageOf(error)}` };
  }
}

/** Before it is opened: to open a pipe waits until somebody writes. */
async function assertFile(path: string): Promise<Stats> {
  const found = await stat(path);
  if (!found.isFile()) throw new Error('not a file');
  return found;
}

function passwdFileOf(document: IniDocument, path: string): string {
  return createReader(document, path, new Set()).read(document.sections.get('connect'), CONNECT_KEYS.passwd_file);
}

/** A password that every user of the machine can read is one no more. Windows has no such modes. */
function openToOthers(document: IniDocument, file: Extract<ReadFile, { ok: true }>, secret: ReadFile | null): Problem[] {
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
