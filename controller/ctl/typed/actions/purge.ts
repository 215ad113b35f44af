import { type Action, commonOf, noMail, option, removeLock, selection, selectorsOf } from '../action.js';

export interface PurgeInvocation {
  readonly action: 'purge';
  readonly selectors: readonly string[];
  /** Paths and absolute URLs; none means whole caches. */
  readonly urls: readonly string[];
  /** Typed as `-a purge`: never asks. */
  readonly oldForm: boolean;
  readonly dryRun: boolean;
  readonly yes: boolean;
  /** `-r`. */
  readonly removeLock: boolean;
  readonly noMail: boolean;
}

/** What is thrown away of the proxy caches. */
export const PURGE: readonly Action<PurgeInvocation>[] = [
  {
    name: 'purge',
    summary: 'empty the proxy caches, or throw single pages out of them',
    operands: '[urls...]',
    examples: [
      ['ctl purge /news', 'one page'],
      ['ctl purge --dry-run', 'how long a proxy would be away'],
    ],
    options: [
      selection(),
      option('--dry-run', 'say how, and for how long a proxy is away; do nothing'),
      option('--yes', 'do not ask'),
      removeLock(),
      noMail(),
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
      noMail: typed.mail === false,
    }),
  },
];
