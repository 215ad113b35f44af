// The text of deploy/ctl.1, from the actions of the command line; man(7) macros. `UPDATE_EXAMPLE=1 npm run test:unit` writes it anew.
import type { Option } from 'commander';
import { EXIT_MEANINGS } from '../controller/ctl/exit-codes.js';
import { type Action, commonOptions } from '../controller/ctl/typed/action.js';
import { ACTIONS } from '../controller/ctl/typed/grammar.js';

export const manualPage = (): string =>
  [
    '.TH CTL 1',
    '.SH NAME',
    'ctl \\- restarts the clients of a live Zope cluster without a failed request, and looks after it',
    '.SH SYNOPSIS',
    '.B ctl',
    plain('ACTION [SERVICE…] [OPTION…]'),
    '.br',
    '.B ctl \\-a',
    plain('ACTION [-c FILE] [-s A,B] [OPTION…]'),
    '.SH DESCRIPTION',
    plain(
      'Reads [controller] address of cluster.ini and asks that controller; without an address it acts on this host itself, for one action. The second form is that of the old tool and works as it did: it never asks.',
    ),
    '.PP',
    plain('SERVICE is a name, pool:1, host:web1, type:ZeoClient or a glob; several have commas or blanks between them; none means all.'),
    '.SH ACTIONS',
    ...ACTIONS.filter(({ hidden }) => hidden !== true).flatMap(entry),
    '.SH OPTIONS OF EVERY ACTION',
    ...commonOptions().flatMap(optionEntry),
    '.SH EXIT STATUS',
    ...EXIT_MEANINGS.flatMap(([code, meaning]) => ['.TP', `.B ${code}`, plain(meaning)]),
    plain('If several hold: 2, 4, 130, 1, 3, 5 in this order.'),
    '.SH FILES',
    '.TP',
    '.I cluster.ini',
    plain('The cluster. Every key: deploy/reference.md; an example: deploy/cluster.ini.example.'),
    '.SH EXAMPLES',
    ...EXAMPLES.flatMap(([line, what]) => ['.TP', `.B ${escape(line)}`, plain(what)]),
    '',
  ].join('\n');

const EXAMPLES: readonly (readonly [string, string])[] = [
  ['ctl check', 'Measures everything now; exit status 1 if something is critical.'],
  ['ctl restart pool:1', 'Restarts the clients of a pool, one after the other, without a failed request.'],
  ['ctl start --dry-run', 'Prints the steps and does nothing.'],
  ['ctl log -p "ConflictError" --since 2h', 'Searches all clients on all hosts.'],
  ['ctl -a start -c cluster.ini -s zeoclient1.1, zeoclient1.2', 'The old form.'],
];

function entry({ name, operands, summary, options }: Action): string[] {
  return ['.TP', `.B ${escape(`${name} ${operands}`.trim())}`, plain(sentence(summary)), ...nested(options)];
}

const nested = (options: readonly Option[]): string[] =>
  options.length === 0 ? [] : ['.RS', ...options.filter(({ hidden }) => !hidden).flatMap(optionEntry), '.RE'];

const optionEntry = ({ flags, description }: Option): string[] => ['.TP', `.B ${escape(flags)}`, plain(sentence(description))];

const sentence = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}${text.endsWith('.') ? '' : '.'}`;

/** A line that begins with a dot or a quote would be a macro. */
const plain = (text: string): string => escape(text).replace(/^([.'])/, '\\&$1');
const escape = (text: string): string => text.replaceAll('\\', '\\e').replaceAll('-', '\\-').replaceAll('…', '...').replaceAll('’', "'");
