import { AppError } from '../../../../shared/errors.js';
import { type Action, type CommonOptions, commonOf, option, type Typed } from '../action.js';

/** Asks the controller; the others of its kind work offline. */
export interface ConfigDiffInvocation {
  readonly action: 'config diff';
}

export type ConfigInvocation =
  | { readonly action: 'config check' }
  | { readonly action: 'config show'; readonly raw: boolean; readonly secrets: boolean }
  | { readonly action: 'config upgrade'; readonly secrets: boolean };

/** The file stands behind `-c`, as everywhere, or as an operand. */
function commonAndFile(typed: Typed, [file]: readonly string[]): CommonOptions {
  const common = commonOf(typed);
  if (file === undefined) return common;
  if (typed.c === undefined) return { ...common, file };
  throw new AppError('usage', `two files: -c ${common.file} and ${file}`, { hint: 'one at a time' });
}

function secretsOf(typed: Typed): boolean {
  if (typed.secrets !== true || typed.raw === true) return typed.secrets === true;
  throw new AppError('usage', '--secrets goes with --raw: without it passwords are never shown', {
    hint: '`ctl config show --raw --secrets`',
  });
}

export const CONFIG: readonly Action<ConfigDiffInvocation | ConfigInvocation>[] = [
  {
    name: 'config check',
    summary: 'problems of cluster.ini, offline',
    operands: '[file]',
    options: [],
    read: (typed, operands) => ({ ...commonAndFile(typed, operands), action: 'config check' }),
  },
  {
    name: 'config diff',
    summary: 'what a reload of cluster.ini would change for the controller',
    operands: '',
    options: [],
    read: (typed) => ({ ...commonOf(typed), action: 'config diff' }),
  },
  {
    name: 'config show',
    summary: 'each effective value and where it is written, offline',
    operands: '[file]',
    options: [option('--raw', 'inherited and interpolated, as configparser gives it'), option('--secrets', 'with --raw: passwords too')],
    read: (typed, operands) => ({
      ...commonAndFile(typed, operands),
      action: 'config show',
      raw: typed.raw === true,
      secrets: secretsOf(typed),
    }),
  },
  {
    name: 'config upgrade',
    summary: 'an old file in the modern form, on standard output',
    operands: '[file]',
    options: [option('--secrets', 'passwords too, on a terminal or with --json; into a file they always go')],
    read: (typed, operands) => ({
      ...commonAndFile(typed, operands),
      action: 'config upgrade',
      secrets: typed.secrets === true,
    }),
  },
];
