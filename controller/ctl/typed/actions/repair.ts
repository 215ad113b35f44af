import { type Action, commonOf, noMail, option, removeLock, selection, selectorsOf } from '../action.js';

export interface RepairInvocation {
  readonly action: 'repair';
  readonly selectors: readonly string[];
  /** `--explain`, `--dry-run`. */
  readonly explain: boolean;
  readonly removeLock: boolean;
  readonly noMail: boolean;
}

export const REPAIR: readonly Action<RepairInvocation>[] = [
  {
    name: 'repair',
    summary: 'check, then restart what is critical: what others stand on first, one client at a time',
    operands: '[services...]',
    examples: [
      ['ctl repair --explain', 'what would be done, and why not more'],
      ['ctl repair', 'do it'],
    ],
    options: [
      selection(),
      option('--explain', 'say for each service what would be done, and why or why not; do nothing'),
      option('--dry-run', 'the same'),
      removeLock(),
      noMail(),
    ],
    read: (typed, operands) => ({
      ...commonOf(typed),
      action: 'repair',
      selectors: selectorsOf(typed, operands),
      explain: typed.explain === true || typed.dryRun === true,
      removeLock: typed.r === true,
      noMail: typed.mail === false,
    }),
  },
];
