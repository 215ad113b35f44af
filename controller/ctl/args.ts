import { CommanderError, type Command, type Option } from 'commander';
import { AppError } from '../../shared/errors.js';
import { nearest } from '../../shared/ini/nearest.js';
import { createGrammar, type Grammar } from './grammar/grammar.js';
import type { Invocation, Printed } from './invocation.js';
import { sortWords, type Words } from './words.js';

/**
 * Understands a command line of either form (`ctl -a start -s a, b`, `ctl start a b`). Throws a `usage` error for what is
 * wrong; nothing that was typed is ignored.
 */
export function parseArgs(argv: readonly string[], version: string): Invocation | Printed {
  const grammar = createGrammar();
  const words = sortWords(argv, grammar);
  if (asksFor(words, '--version', '-V')) return { action: 'print', text: `${version}\n` };
  const help = asksFor(words, '--help', '-h') || (words.oldAction === null && words.operands[0] === 'help');
  const { name, operands } = actionOf(words, grammar, help);
  if (name === null) return { action: 'print', text: grammar.help() };
  const command = grammar.commands.get(name);
  if (command === undefined) throw new AppError('internal', `the action ${name} has no grammar`);
  if (help) return { action: 'print', text: command.helpInformation() };
  const oldForm = words.oldAction !== null;
  if (oldForm && operands.length > 0) throw strayWord(words, operands);
  parse(command, [...words.options, '--', ...operands], grammar);
  return grammar.read(name, command, oldForm);
}

/** Best guess of the action for the report of a line that could not be parsed. */
export function guessAction(argv: readonly string[]): string | null {
  const at = argv.indexOf('-a');
  const word = at >= 0 ? argv[at + 1] : argv.find((one) => !one.startsWith('-'));
  return word ?? null;
}

function actionOf(words: Words, grammar: Grammar, help: boolean): { name: string | null; operands: readonly string[] } {
  if (words.oldAction !== null) {
    const name = words.oldAction;
    if (OLD_ACTIONS.includes(name)) return { name, operands: words.operands };
    if (grammar.commands.has(name)) {
      throw new AppError('usage', `-a ${name}: there is no such action in the old form`, { hint: `write \`ctl ${name}\`` });
    }
    throw unknownAction(name, OLD_ACTIONS, '-a ');
  }
  const operands = help && words.operands[0] === 'help' ? words.operands.slice(1) : words.operands;
  const [first, second, ...others] = operands;
  if (first === undefined) {
    if (help) return { name: null, operands: [] };
    throw new AppError('usage', 'no action given', {
      hint: '`ctl check`, `ctl start`, or as before `ctl -a start -c cluster.ini`; all of it: `ctl --help`',
    });
  }
  if (grammar.commands.has(`${first} ${second ?? ''}`)) return { name: `${first} ${second ?? ''}`, operands: others };
  if (grammar.commands.has(first)) return { name: first, operands: operands.slice(1) };
  const groups = [...grammar.commands.keys()].filter((one) => one.startsWith(`${first} `));
  if (groups.length === 0) throw unknownAction(first, [...grammar.commands.keys(), 'operations', 'config'], '');
  const verbs = groups.map((one) => one.slice(first.length + 1));
  if (second === undefined) throw new AppError('usage', `ctl ${first}: what about it?`, { hint: `one of ${verbs.join(', ')}` });
  throw unknownAction(second, verbs, `${first} `);
}

const OLD_ACTIONS = ['start', 'stop', 'check', 'repair', 'mem', 'log', 'rotate', 'purge'];

function unknownAction(typed: string, names: readonly string[], before: string): AppError {
  const [near] = nearest(typed, names);
  return new AppError('usage', `unknown action: ${before}${typed}`, {
    hint: near === undefined ? `one of ${names.join(', ')}` : `did you mean \`ctl ${before}${near}\`?`,
  });
}

function strayWord(words: Words, operands: readonly string[]): AppError {
  const stray = operands.join(' ');
  const names = words.options[words.options.indexOf('-s') + 1];
  return new AppError('usage', `a word that belongs to nothing: ${stray}`, {
    hint: words.options.includes('-s')
      ? `the next word belongs to -s only after a comma: \`-s ${names ?? ''}, ${operands.join(', ')}\``
      : `name services by \`-s ${operands.join(',')}\``,
  });
}

function parse(command: Command, args: readonly string[], grammar: Grammar): void {
  try {
    command.parse(args, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    throw explain(error, command, args, grammar);
  }
}

/** Commander's complaint in our words. */
function explain(error: CommanderError, command: Command, args: readonly string[], grammar: Grammar): AppError {
  const name = grammar.nameOf(command);
  if (error.code === 'commander.unknownOption') {
    const typed = args.find((word) => word.startsWith('-') && word !== '--' && !isOptionOf(command, word)) ?? '';
    const owners = grammar.ownersOf(typed.replace(/=.*/, ''));
    if (owners.length > 0) {
      return new AppError('usage', `${typed} does not belong to \`ctl ${name}\``, { hint: `it belongs to ${owners.join(', ')}` });
    }
    const [near] = nearest(typed, command.options.flatMap(namesOf));
    return new AppError('usage', `unknown option: ${typed}`, {
      hint: near === undefined ? `\`ctl ${name} --help\` names them all` : `did you mean \`${near}\`?`,
      cause: error,
    });
  }
  const message = error.message.replace(/^error: /, '');
  return new AppError('usage', `ctl ${name}: ${message}`, { hint: `\`ctl ${name} --help\` shows how`, cause: error });
}

const namesOf = (option: Option): string[] => [option.short, option.long].filter((one) => one !== undefined);
const isOptionOf = (command: Command, word: string): boolean =>
  command.options.some((one) => namesOf(one).includes(word.replace(/=.*/, '')));
const asksFor = (words: Words, ...names: string[]): boolean => words.options.some((word) => names.includes(word));
