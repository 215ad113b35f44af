import { stat } from 'node:fs/promises';
import type { IniDocument, IniSection, Problem } from '../../shared/ini/ini.js';
import { createReader, placeOf } from './reader.js';
import { GLOBAL_KEYS } from './schema/defaults.js';
import { CONNECT_KEYS } from './schema/sections.js';

/** A password that every user of the machine can read is one no more: warns of each file that holds one. Windows has no such modes. */
export async function openSecrets(document: IniDocument, file: { readonly realPath: string; readonly mode: number }): Promise<Problem[]> {
  if (process.platform === 'win32') return [];
  const connect = document.sections.get('connect');
  const warn = (section: IniSection | undefined, key: string, path: string): Problem[] => {
    const entry = section?.get(key)?.entry;
    if (section === undefined || entry === undefined || entry.raw === '') return [];
    const message = 'every user of this machine can read the password';
    return [{ severity: 'warning', file: document.file, ...placeOf(section, key), message, hint: `chmod o-r ${path}` }];
  };
  const reader = createReader(document, file.realPath, new Set());
  const elsewhere = [[connect, CONNECT_KEYS.passwd_file] as const, [document.defaults, GLOBAL_KEYS.mail_password_file] as const].map(
    async ([section, key]) => {
      const path = reader.read(section, key);
      return path !== '' && (await isOpen(path)) ? warn(section, key.key, path) : [];
    },
  );
  return [...((file.mode & OTHERS_READ) === 0 ? [] : warn(connect, 'passwd', document.file)), ...(await Promise.all(elsewhere)).flat()];
}

const OTHERS_READ = 0o004;

/** What can't be looked at is no password that lies open. */
const isOpen = (path: string): Promise<boolean> =>
  stat(path).then(
    ({ mode }) => (mode & OTHERS_READ) !== 0,
    () => false,
  );
