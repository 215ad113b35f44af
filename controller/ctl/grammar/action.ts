import { Option } from 'commander';
import type { CommonOptions, Invocation } from '../invocation.js';
import { seconds } from '../option-values.js';
import { splitNames } from '../words.js';

/** One action of the command line: the parser, the help, the completion and the manual page come from it. */
export interface Action {
  /** `start`, `operations list`. */
  readonly name: string;
  readonly summary: string;
  /** As in a usage line: `[services...]`, `<id>`; '' for none. */
  readonly operands: string;
  /** Besides the common ones. */
  readonly options: readonly Option[];
  /** Typed by nobody: neither told by the help nor offered. */
  readonly hidden?: boolean;
  read(typed: Typed, operands: readonly string[], oldForm: boolean): Invocation;
}

/** Option values by commander's attribute name. */
export type Typed = Readonly<Record<string, unknown>>;

export const option = (flags: string, text: string, parse?: (value: string) => unknown): Option =>
  parse === undefined ? new Option(flags, text) : new Option(flags, text).argParser(parse);

/** Of every action. */
export const commonOptions = (): Option[] => [
  option('-c <file>', 'ini file (default: cluster.ini)'),
  option('-v', 'verbose'),
  option('--json', 'JSON on standard output'),
  option('--no-color', 'no colours'),
  option('--timeout <seconds>', 'limit for the whole call', seconds('--timeout')),
];

export const commonOf = (typed: Typed): CommonOptions => ({
  file: (typed.c as string | undefined) ?? 'cluster.ini',
  json: typed.json === true,
  verbose: typed.v === true,
  color: typed.color !== false,
  timeoutMs: typed.timeout === undefined ? null : (typed.timeout as number) * 1000,
});

/** Where something can be found that is worth a mail. */
export const noMail = (): Option => option('--no-mail', 'no mail about what this finds; what lasts is mailed when it is seen again');

/** `-s`, which can be given several times; the services can stand as operands as well. */
export const selection = (): Option =>
  new Option('-s <names>', 'services: names, pool:1, host:web1, type:ZeoClient, globs').argParser(
    (value: string, before: string[] | undefined) => [...(before ?? []), value],
  );

export const selectorsOf = (typed: Typed, operands: readonly string[]): string[] =>
  splitNames([...((typed.s as string[] | undefined) ?? []), ...operands]);
