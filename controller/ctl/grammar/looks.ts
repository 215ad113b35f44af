import { logOptions, rangeOptions, readLogFlags } from '../log-options.js';
import { requestPath } from '../option-values.js';
import { type Action, commonOf, noMail, option, selection, selectorsOf } from './action.js';

/** What looks at the cluster and changes nothing. */
export const LOOKS: readonly Action[] = [
  {
    name: 'check',
    summary: 'measure now: TCP, HTTP, memory, log',
    operands: '[services...]',
    options: [
      selection(),
      option('-u <path>', 'path to test instead of the home page', requestPath),
      option('--nagios', 'one line with perfdata, Nagios exit codes'),
      noMail(),
    ],
    read: (typed, operands) => ({
      ...commonOf(typed),
      action: 'check',
      selectors: selectorsOf(typed, operands),
      path: (typed.u as string | undefined) ?? null,
      nagios: typed.nagios === true,
      noMail: typed.mail === false,
    }),
  },
  {
    name: 'status',
    summary: 'what was last seen, with its age, without measuring',
    operands: '[services...]',
    options: [selection(), option('--watch', 'again every 2 seconds, until Ctrl-C')],
    read: (typed, operands) => ({
      ...commonOf(typed),
      action: 'status',
      selectors: selectorsOf(typed, operands),
      watch: typed.watch === true,
    }),
  },
  {
    name: 'log',
    summary: 'search the logs of all clients on all hosts, or follow them',
    operands: '[services...]',
    options: [selection(), ...logOptions()],
    read: (typed, operands) => ({
      ...commonOf(typed),
      action: 'log',
      selectors: selectorsOf(typed, operands),
      flags: readLogFlags(typed),
    }),
  },
  {
    name: 'log stats',
    summary: 'entries by level, and the most repeated messages',
    operands: '[services...]',
    options: [selection(), ...rangeOptions()],
    read: (typed, operands) => ({
      ...commonOf(typed),
      action: 'log stats',
      selectors: selectorsOf(typed, operands),
      flags: readLogFlags(typed),
    }),
  },
];
