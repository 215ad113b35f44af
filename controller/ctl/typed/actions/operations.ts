import { type Action, commonOf, option } from '../action.js';

export type OperationsInvocation =
  | { readonly action: 'operations list' }
  | { readonly action: 'operations show'; readonly id: string; readonly follow: boolean }
  | { readonly action: 'operations resume'; readonly id: string }
  | { readonly action: 'operations abort'; readonly id: string };

const id = (operands: readonly string[]): string => operands[0] ?? '';

export const OPERATIONS: readonly Action<OperationsInvocation>[] = [
  {
    name: 'operations list',
    summary: 'every start, stop, repair, rotation and purge, the newest last',
    operands: '',
    options: [],
    read: (typed) => ({ ...commonOf(typed), action: 'operations list' }),
  },
  {
    name: 'operations show',
    summary: 'what an operation did',
    operands: '<id>',
    options: [option('--follow', 'and what it does, to its end')],
    read: (typed, operands) => ({ ...commonOf(typed), action: 'operations show', id: id(operands), follow: typed.follow === true }),
  },
  {
    name: 'operations resume',
    summary: 'take a halted or interrupted operation up again',
    operands: '<id>',
    options: [],
    read: (typed, operands) => ({ ...commonOf(typed), action: 'operations resume', id: id(operands) }),
  },
  {
    name: 'operations abort',
    summary: 'finish or put back the client in hand, then end for good',
    operands: '<id>',
    options: [],
    read: (typed, operands) => ({ ...commonOf(typed), action: 'operations abort', id: id(operands) }),
  },
];
