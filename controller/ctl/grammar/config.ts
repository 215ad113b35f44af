import { type Action, commonOf, option } from './action.js';

export const CONFIG: readonly Action[] = [
  {
    name: 'config check',
    summary: 'problems of cluster.ini, offline',
    operands: '',
    options: [],
    read: (typed) => ({ ...commonOf(typed), action: 'config check' }),
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
    operands: '',
    options: [option('--raw', 'inherited and interpolated, as configparser gives it'), option('--secrets', 'passwords too')],
    read: (typed) => ({ ...commonOf(typed), action: 'config show', raw: typed.raw === true, secrets: typed.secrets === true }),
  },
  {
    name: 'config upgrade',
    summary: 'an old file in the modern form, on standard output',
    operands: '[file]',
    options: [option('--secrets', 'passwords too, on a terminal or with --json; into a file they always go')],
    read: (typed, operands) => ({
      ...commonOf(typed),
      action: 'config upgrade',
      source: operands[0] ?? null,
      secrets: typed.secrets === true,
    }),
  },
];
