import { type Action, commonOf, option, selection, selectorsOf } from '../action.js';

export interface MemInvocation {
  readonly action: 'mem';
  readonly selectors: readonly string[];
  readonly tree: boolean;
  readonly pss: boolean;
}

export const MEM: readonly Action<MemInvocation>[] = [
  {
    name: 'mem',
    summary: 'memory of each client, its limit, and when it is reached',
    operands: '[services...]',
    options: [
      selection(),
      option('--tree', 'the processes below it, too'),
      option('--pss', 'what is shared with others counts by its share'),
    ],
    read: (typed, operands) => ({
      ...commonOf(typed),
      action: 'mem',
      selectors: selectorsOf(typed, operands),
      tree: typed.tree === true,
      pss: typed.pss === true,
    }),
  },
];
