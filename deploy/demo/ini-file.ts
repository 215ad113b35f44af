import { AppError } from '../../shared/errors.js';
import type { Argv } from '../../shared/ports/exec.js';

/** Sections in order; each a list of keys. A value that is an array goes on one line each. */
export type IniSections = Readonly<Record<string, Readonly<Record<string, IniValue>>>>;
export type IniValue = string | number | readonly string[];

/** Writes the dialect of cluster.ini and agent.ini. `%` is doubled: nothing is interpolated. */
export function formatIni(comment: string, sections: IniSections): string {
  const parts = Object.entries(sections).map(([name, keys]) => [`[${name}]`, ...Object.entries(keys).map(formatKey)].join('\n'));
  return `; ${comment}\n\n${parts.join('\n\n')}\n`;
}

/** A command as the dialect splits it: on blanks, double quotes group. */
export function formatCommand(argv: Argv): string {
  return argv.map(quote).join(' ');
}

function formatKey([key, value]: readonly [string, IniValue]): string {
  const lines = typeof value === 'object' ? value : [String(value)];
  const text = lines.map((line) => line.replaceAll('%', '%%'));
  return text.length === 1 ? `${key} = ${text[0] ?? ''}` : `${key} =\n${text.map((line) => `    ${line}`).join('\n')}`;
}

function quote(argument: string): string {
  if (/["\n]| ;/.test(argument))
    throw new AppError('unsupported', `a command in an ini file cannot hold the argument ${JSON.stringify(argument)}`);
  return argument === '' || /\s/.test(argument) ? `"${argument}"` : argument;
}
