import { type Action, commonOf, option } from './action.js';

export const LOCK: readonly Action[] = [
  {
    name: 'lock',
    summary: 'who holds the lock of the critical operations',
    operands: '',
    options: [option('-r', 'remove it, if its owner is gone'), option('--force', 'with -r: also if its owner lives; he halts then')],
    read: (typed) => ({ ...commonOf(typed), action: 'lock', remove: typed.r === true, force: typed.force === true }),
  },
];
