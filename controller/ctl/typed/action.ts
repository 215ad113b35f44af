import { Option } from 'commander';
import { duration } from './option-values.js';
import { splitNames } from './words.js';

/**
 * One action of the command line: the parser, the help, the completion and the manual page come from it. `I`: what is understood of it.
 */
export interface Action<I = unknown> {
  /** `start`, `operations list`. */
  readonly name: string;
  readonly summary: string;
  /** As in a usage line: `[services...]`, `<id>`; '' for none. */
  readonly operands: string;
  /** Besides the common ones. */
  readonly options: readonly Option[];
  /** A line to type, and what it does. */
  readonly examples?: Examples;
  /** Typed by nobody: neither told by the help nor offered. */
  readonly hidden?: boolean;
  read(typed: Typed, operands: readonly string[], oldForm: boolean): CommonOptions & I;
}

export interface CommonOptions {
  /** cluster.ini. */
  readonly file: string;
  readonly json: boolean;
  readonly verbose: boolean;
  /** For the whole call; null: no bound of our own. */
  readonly timeoutMs: number | null;
}

export type Examples = readonly (readonly [string, string])[];

/** Option values by commander's attribute name. */
export type Typed = Readonly<Record<string, unknown>>;

export const option = (flags: string, text: string, parse?: (value: string) => unknown): Option =>
  parse === undefined ? new Option(flags, text) : new Option(flags, text).argParser(parse);

/** Of every action; `--no-color` has been heeded before, since it holds for complaints about the line as well. */
export const commonOptions = (): Option[] => [
  option('-c <file>', 'ini file (default: cluster.ini)'),
  option('-v', 'verbose: more columns, and the causes of what failed'),
  option('--json', 'JSON on standard output'),
  option('--no-color', 'no colours'),
  option('--timeout <duration>', 'limit for the whole call: 30 (seconds), 5m, 2h', duration('--timeout')),
];

export const commonOf = (typed: Typed): CommonOptions => ({
  file: (typed.c as string | undefined) ?? 'cluster.ini',
  json: typed.json === true,
  verbose: typed.v === true,
  timeoutMs: typed.timeout === undefined ? null : (typed.timeout as number) * 1000,
});

/** Where something can come up that is worth a mail. */
export const noMail = (): Option =>
  option('--no-mail', 'no mail about what comes up meanwhile; what lasts is mailed when it is seen again');

/** Where the lock is taken. */
export const removeLock = (): Option => option('-r', 'remove the lock first, if its owner is gone');

/** `-s`, which can be given several times; the services can stand as operands as well. */
export const selection = (): Option =>
  new Option('-s <names>', 'services, as operands too: names, pool:1, host:web1, type:ZeoClient, globs').argParser(
    (value: string, before: string[] | undefined) => [...(before ?? []), value],
  );

export const selectorsOf = (typed: Typed, operands: readonly string[]): string[] =>
  splitNames([...((typed.s as string[] | undefined) ?? []), ...operands]);
