import { realpath } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { AppError } from '../../shared/errors.js';
import { readIniFile } from '../../shared/ini/file.js';
import { formatProblem, type IniSection, parseIni, type ParsedIni } from '../../shared/ini/ini.js';
import { SERVICE_TYPES } from '../../shared/model/service.js';

/** Reads and parses an ini file; `config` if it can't be read. What is wrong inside it is among the problems. */
async function readIni(file: string): Promise<ParsedIni> {
  return parseIni(await bytesOf(file), file);
}

/**
 * Where the controller of this cluster is: `[controller] address`, a relative unix path being relative to the folder of the file; null if
 * it has none. All else in the file is the controller's business, unless it keeps the address from being read.
 */
export async function controllerAddress(file: string): Promise<string | null> {
  const { document, problems } = await readIni(file);
  const value = document.sections.get('controller')?.get('address');
  if (value?.ok === false) throw new AppError('config', `${file}:${value.entry.line}: [controller] address: ${value.why}`);
  if (value === undefined || value.text.trim() === '') {
    const fatal = problems.find((problem) => problem.severity === 'error');
    if (fatal !== undefined) throw new AppError('config', formatProblem(fatal), { hint: '`ctl config check` names all problems' });
    return null;
  }
  const address = value.text.trim();
  if (!address.startsWith('unix:')) return address;
  return `unix:${resolve(dirname(await realpath(file)), address.slice('unix:'.length))}`;
}

/** The sections that describe a service, as far as this file does: the controller may go by another one. */
export async function serviceSections(file: string): Promise<{ readonly name: string; readonly type: string; readonly machine: string }[]> {
  const { document } = await readIni(file);
  const textOf = (section: IniSection, key: string): string => {
    const value = section.get(key);
    return value?.ok === true ? value.text : '';
  };
  return [...document.sections.values()]
    .map((section) => ({ name: section.name, type: textOf(section, 'type'), machine: textOf(section, 'machine') }))
    .filter(({ type }) => SERVICE_TYPES.some((known) => known === type));
}

async function bytesOf(file: string): Promise<Buffer> {
  const found = await readIniFile(file);
  if (found.ok) return found.bytes;
  throw new AppError('config', `${file}: ${found.why}`, { hint: 'name it by `-c FILE`, or run ctl in the folder of cluster.ini' });
}
