import { type Action, commonOf, selection, selectorsOf } from '../action.js';

export interface PerfInvocation {
  readonly action: 'perf';
  readonly selectors: readonly string[];
}

export const PERF: readonly Action<PerfInvocation>[] = [
  {
    name: 'perf',
    summary: 'how long pages took in the last week, against the week before',
    operands: '[services...]',
    options: [selection()],
    read: (typed, operands) => ({ ...commonOf(typed), action: 'perf', selectors: selectorsOf(typed, operands) }),
  },
];
