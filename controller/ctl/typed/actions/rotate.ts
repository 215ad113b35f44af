import { type Action, commonOf, noMail, option, removeLock, selection, selectorsOf } from '../action.js';

export interface RotateInvocation {
  readonly action: 'rotate';
  readonly selectors: readonly string[];
  readonly dryRun: boolean;
  readonly removeLock: boolean;
  readonly noMail: boolean;
}

export const ROTATE: readonly Action<RotateInvocation>[] = [
  {
    name: 'rotate',
    summary: 'take logs away to their archives, without losing a line',
    operands: '[services...]',
    options: [selection(), option('--dry-run', 'say how, and what could be lost; do nothing'), removeLock(), noMail()],
    read: (typed, operands) => ({
      ...commonOf(typed),
      action: 'rotate',
      selectors: selectorsOf(typed, operands),
      dryRun: typed.dryRun === true,
      removeLock: typed.r === true,
      noMail: typed.mail === false,
    }),
  },
];
