import { CommanderError, type Command } from 'commander';
import { AppError } from '../../../shared/errors.js';
import { explain, unknownAction } from './complaints.js';
import { createGrammar, type Grammar, type Invocation } from './grammar.js';
import { sortWords, type Words } from './words.js';

/** Help or the version was asked for: print and end well. */
export interface Printed {
  readonly action: 'print';
  readonly text: string;
}

/**
 * Understands a command line of either form (`ctl -a start -s a, b`, `ctl start a b`). Throws a `usage` error for what is
 * wrong; nothing that was typed is ignored.
 */
export function parseArgs(argv: readonly string[], version: string): Invocation | Printed {
  const grammar = createGrammar();
  const words = sortWords(argv, grammar);
  if (asksFor(words, '--version', '-V') || (words.oldAction === null && words.operands[0] === 'version'))
    return { action: 'print', text: `${version}\n` };
  const help = asksFor(words, '--help', '-h') || (words.oldAction === null && words.operands[0] === 'help');
  if (help) return { action: 'print', text: helpFor(words, grammar) };
  const { name, operands } = actionOf(words, grammar);
  const command = grammar.command(name);
  const oldForm = words.oldAction !== null;
  if (oldForm && operands.length > 0) throw strayWord(words, operands);
  parse(name, command, words, operands, grammar);
  return grammar.read(name, command, oldForm);
}

/** Best guess of the action for the report of a line that could not be parsed. */
export function guessAction(argv: readonly string[]): string | null {
  const grammar = createGrammar();
  try {
    const { oldAction, operands } = sortWords(argv, grammar);
    const both = operands.slice(0, 2).join(' ');
    return oldAction ?? (grammar.has(both) ? both : (operands[0] ?? null));
  } catch {
    // An option without its value: what does not look like an option may be the action.
    return argv.find((word) => !word.startsWith('-')) ?? null;
  }
}

/** All of it, or what belongs to the action, or to the group of actions (`balancer`), that is named. */
function helpFor(words: Words, grammar: Grammar): string {
  const operands = words.operands[0] === 'help' ? words.operands.slice(1) : words.operands;
  const [first] = operands;
  if (words.oldAction === null) {
    if (first === undefined) return grammar.help();
    if (operands.length === 1 && !grammar.has(first) && grammar.verbsOf(first).length > 0) return grammar.groupHelp(first);
  }
  return grammar.helpOf(actionOf({ ...words, operands }, grammar).name);
}

function actionOf(words: Words, grammar: Grammar): { name: string; operands: readonly string[] } {
  const { operands } = words;
  if (words.oldAction !== null) {
    const name = words.oldAction;
    if (OLD_ACTIONS.includes(name)) return { name, operands };
    if (grammar.has(name) || grammar.verbsOf(name).length > 0) {
      throw new AppError('usage', `-a ${name}: there is no such action in the old form`, { hint: `write \`ctl ${name}\`` });
    }
    throw unknownAction(name, OLD_ACTIONS, '-a ');
  }
  const [first, second, ...others] = operands;
  if (first === undefined) throw noAction(words);
  if (grammar.has(`${first} ${second ?? ''}`)) return { name: `${first} ${second ?? ''}`, operands: others };
  if (grammar.has(first)) return { name: first, operands: operands.slice(1) };
  const verbs = grammar.verbsOf(first);
  if (verbs.length === 0) throw unknownAction(first, grammar.firstWords, '');
  if (second === undefined) {
    throw new AppError('usage', `ctl ${first}: what about it?`, {
      hint: `one of ${verbs.join(', ')}; \`ctl ${first} --help\` tells what they do`,
    });
  }
  throw unknownAction(second, verbs, `${first} `);
}

function noAction({ options }: Words): AppError {
  const hint = options.includes('-r')
    ? '`ctl lock -r` removes the lock, if its owner is gone'
    : '`ctl check`, `ctl start`, or as before `ctl -a start -c cluster.ini`; all of it: `ctl --help`';
  return new AppError('usage', 'no action given', { hint });
}

const OLD_ACTIONS = ['start', 'stop', 'check', 'repair', 'mem', 'log', 'rotate', 'purge'];

function strayWord(words: Words, operands: readonly string[]): AppError {
  const stray = operands.join(' ');
  const names = words.options[words.options.indexOf('-s') + 1];
  return new AppError('usage', `a word that belongs to nothing: ${stray}`, {
    hint: words.options.includes('-s')
      ? `the next word belongs to -s only after a comma: \`-s ${names ?? ''}, ${operands.join(', ')}\``
      : `name services by \`-s ${operands.join(',')}\``,
  });
}

function parse(name: string, command: Command, { options }: Words, operands: readonly string[], grammar: Grammar): void {
  try {
    command.parse([...options, '--', ...operands], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    throw explain(error, name, command, operands, grammar);
  }
}

const asksFor = (words: Words, ...names: string[]): boolean => words.options.some((word) => names.includes(word));
