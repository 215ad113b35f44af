import { AppError } from '../../../../shared/errors.js';
import { logOptions, rangeOptions, readLogFlags } from './log.js';
import { requestPath } from '../option-values.js';
import { type Action, commonOf, noMail, option, selection, selectorsOf } from '../action.js';

/** What looks at the cluster and changes nothing. */
export const LOOKS: readonly Action[] = [
  {
    name: 'check',
    summary: 'measure now: TCP, HTTP, memory, log',
    operands: '[services...]',
    examples: [
      ['ctl check', 'frontends and clients; exit 1 if something is critical, 5 if something is unknown'],
      ['ctl check zeoclient1.1 -u /news', 'one client, by another page'],
    ],
    options: [
      selection(),
      option('-u <path>', 'path to test instead of the home page', requestPath),
      option('--nagios', 'one line with perfdata, Nagios exit codes'),
      noMail(),
    ],
    read(typed, operands) {
      const [nagios, json] = [typed.nagios === true, typed.json === true];
      if (nagios && json) throw new AppError('usage', '--nagios and --json do not go together', { hint: 'Nagios reads the first' });
      return {
        ...commonOf(typed),
        action: 'check',
        selectors: selectorsOf(typed, operands),
        path: (typed.u as string | undefined) ?? null,
        nagios,
        noMail: typed.mail === false,
      };
    },
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
    examples: [
      ['ctl log', 'critical entries of all clients since their last start'],
      ["ctl log -p 'ConflictError' --since 2h", 'a pattern, on all hosts'],
      ['ctl log zeoclient1.1 -f', 'what is written from now on'],
      ['ctl log zeoclient1.1 --tail 20', 'the last entries'],
    ],
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
