import { AppError } from '../../../../shared/errors.js';
import { type Action, commonOf, noMail, option, selection, selectorsOf } from '../action.js';
import { requestPath } from '../option-values.js';

export interface CheckInvocation {
  readonly action: 'check';
  readonly selectors: readonly string[];
  readonly path: string | null;
  readonly nagios: boolean;
  readonly noMail: boolean;
}

export const CHECK: readonly Action<CheckInvocation>[] = [
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
];
