import { type Action, commonOf, option, selection, selectorsOf } from './action.js';

/** What is thrown away of the proxy caches. */
export const PURGE: readonly Action[] = [
  {
    name: 'purge',
    summary: 'empty the proxy caches, or throw single pages out of them',
    operands: '[urls...]',
    options: [
      selection(),
      option('--dry-run', 'say how, and for how long a proxy is away; do nothing'),
      option('--yes', 'do not ask'),
      option('-r', 'remove the lock first, if its owner is gone'),
    ],
    read: (typed, operands, oldForm) => ({
      ...commonOf(typed),
      action: 'purge',
      selectors: selectorsOf(typed, []),
      urls: operands,
      oldForm,
      dryRun: typed.dryRun === true,
      yes: typed.yes === true,
      removeLock: typed.r === true,
    }),
  },
];
