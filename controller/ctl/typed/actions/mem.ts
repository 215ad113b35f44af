import { type Action, commonOf, option, selection, selectorsOf } from '../action.js';

/** What is told of memory and of time. */
export const MEASURES: readonly Action[] = [
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
  {
    name: 'perf',
    summary: 'how long pages took in the last week, against the week before',
    operands: '[services...]',
    options: [selection()],
    read: (typed, operands) => ({ ...commonOf(typed), action: 'perf', selectors: selectorsOf(typed, operands) }),
  },
];
