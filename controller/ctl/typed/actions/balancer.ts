import { duration } from '../option-values.js';
import { type Action, commonOf, option, selection, selectorsOf } from '../action.js';

export type BalancerInvocation =
  | { readonly action: 'balancer status' }
  | {
      readonly action: 'balancer out' | 'balancer in';
      readonly selectors: readonly string[];
      readonly force: boolean;
      readonly forS: number | null;
      readonly reason: string | null;
    };

export const BALANCER: readonly Action<BalancerInvocation>[] = [
  {
    name: 'balancer status',
    summary: 'what the balancers say of every client, and where it does not agree',
    operands: '',
    options: [],
    read: (typed) => ({ ...commonOf(typed), action: 'balancer status' }),
  },
  {
    name: 'balancer out',
    summary: 'take clients out of the balancer by hand; a roll leaves them out',
    operands: '[services...]',
    examples: [['ctl balancer out zeoclient1.1 --for 2h --reason disk', 'until then, or until `ctl balancer in zeoclient1.1`']],
    options: [
      selection(),
      option('--for <duration>', 'let them in again after so long (2h, 90m); without it somebody has to', duration('--for')),
      option('--reason <text>', 'why, for whoever looks'),
      option('--force', 'also below min_active'),
    ],
    read: (typed, operands) => ({
      ...commonOf(typed),
      action: 'balancer out',
      selectors: selectorsOf(typed, operands),
      force: typed.force === true,
      forS: (typed.for as number | undefined) ?? null,
      reason: (typed.reason as string | undefined) ?? null,
    }),
  },
  {
    name: 'balancer in',
    summary: 'let them in again',
    operands: '[services...]',
    options: [selection(), option('--force', 'also one that does not answer')],
    read: (typed, operands) => ({
      ...commonOf(typed),
      action: 'balancer in',
      selectors: selectorsOf(typed, operands),
      force: typed.force === true,
      forS: null,
      reason: null,
    }),
  },
];
