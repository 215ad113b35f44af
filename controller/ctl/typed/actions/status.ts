import { type Action, commonOf, option, selection, selectorsOf } from '../action.js';

export interface StatusInvocation {
  readonly action: 'status';
  readonly selectors: readonly string[];
  readonly watch: boolean;
}

export const STATUS: readonly Action<StatusInvocation>[] = [
  {
    name: 'status',
    summary: 'what was last seen, with its age, without measuring',
    operands: '[services...]',
    options: [selection(), option('--watch', 'again every 2 seconds, until Ctrl-C')],
    read: (typed, operands) => ({
      ...commonOf(typed),
      action: 'status',
      selectors: selectorsOf(typed, operands),
      watch: typed.watch === true,
    }),
  },
];
