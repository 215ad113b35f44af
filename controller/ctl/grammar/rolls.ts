import type { RollInvocation } from '../invocation.js';
import { batchSize, count, seconds } from '../option-values.js';
import { type Action, commonOf, noMail, option, selection, selectorsOf } from './action.js';

const removeLock = () => option('-r', 'remove the lock first, if its owner is gone');

const roll = (name: RollInvocation['action'], summary: string): Action => ({
  name,
  summary,
  operands: '[services...]',
  options: [
    selection(),
    option('--dry-run', 'print the steps and do nothing'),
    option('--yes', 'do not ask'),
    option('--force', 'also where it takes clients out below min_active'),
    removeLock(),
    noMail(),
    option('--batch <size>', 'clients that go at once: a number, a percentage, pool, auto', batchSize),
    option('--max-fail <n>', 'go on after so many failed clients', count('--max-fail')),
    option('--deadline <seconds>', 'limit for the whole roll', seconds('--deadline')),
    ...(name === 'stop' ? [] : [option('-R', 'rotate the logs of what is restarted before')]),
  ],
  read: (typed, operands, oldForm) => ({
    ...commonOf(typed),
    action: name,
    selectors: selectorsOf(typed, operands),
    oldForm,
    dryRun: typed.dryRun === true,
    yes: typed.yes === true,
    force: typed.force === true,
    batch: (typed.batch as string | undefined) ?? null,
    maxFail: (typed.maxFail as number | undefined) ?? null,
    deadlineS: (typed.deadline as number | undefined) ?? null,
    rotate: typed.R === true,
    removeLock: typed.r === true,
    noMail: typed.mail === false,
  }),
});

/** What changes the cluster, as an operation. */
export const ROLLS: readonly Action[] = [
  roll('start', 'start or restart clients, one after the other, without a failed request'),
  roll('restart', 'the same, and never asks'),
  roll('stop', 'take clients out of the balancer and stop them'),
  {
    name: 'rotate',
    summary: 'take logs away to their archives, without losing a line',
    operands: '[services...]',
    options: [selection(), option('--dry-run', 'say how, and what could be lost; do nothing'), removeLock()],
    read: (typed, operands) => ({
      ...commonOf(typed),
      action: 'rotate',
      selectors: selectorsOf(typed, operands),
      dryRun: typed.dryRun === true,
      removeLock: typed.r === true,
    }),
  },
];
