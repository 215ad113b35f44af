import { type Action, commonOf, option, selection, selectorsOf } from '../action.js';

export interface EventsInvocation {
  readonly action: 'events';
  readonly selectors: readonly string[];
  readonly open: boolean;
  /** As typed. */
  readonly since: string | null;
}

export const EVENTS: readonly Action<EventsInvocation>[] = [
  {
    name: 'events',
    summary: 'what happened: critical events and other trouble, the newest last',
    operands: '[services...]',
    options: [
      selection(),
      option('--open', 'only what lasts'),
      option(
        '--since <time>',
        'what was still there then: 2h (ago), 16:30, 2024-09-25 [16:30] (default: all of the 90 days that are kept)',
      ),
    ],
    read: (typed, operands) => ({
      ...commonOf(typed),
      action: 'events',
      selectors: selectorsOf(typed, operands),
      open: typed.open === true,
      since: (typed.since as string | undefined) ?? null,
    }),
  },
];
