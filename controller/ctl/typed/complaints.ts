import type { Command, CommanderError, Option } from 'commander';
import { AppError } from '../../../shared/errors.js';
import { nearest } from '../../../shared/ini/nearest.js';
import type { Grammar } from './grammar.js';

/** What an action that does not exist is refused with; `names`: those that could have been meant. */
export function unknownAction(typed: string, names: readonly string[], before: string): AppError {
  const meant = typed.length > 1 ? names.find((name) => name.startsWith(typed)) : undefined;
  const near = meant ?? nearest(typed, names)[0];
  return new AppError('usage', `unknown action: ${before}${typed}`, {
    hint: near === undefined ? `one of ${names.join(', ')}; \`ctl --help\` tells what they do` : `did you mean \`ctl ${before}${near}\`?`,
  });
}

/** Commander's complaint about the words behind the action, in ours. */
export function explain(error: CommanderError, name: string, command: Command, operands: readonly string[], grammar: Grammar): AppError {
  const quoted = /'(.*)'/s.exec(error.message)?.[1] ?? '';
  switch (error.code) {
    case 'commander.unknownOption':
      return unknownOption(quoted, name, command, grammar);
    case 'commander.missingArgument':
      return new AppError('usage', `ctl ${name}: <${quoted}> is missing`, {
        hint: quoted === 'id' ? '`ctl operations list` names them' : `write \`ctl ${name} <${quoted}>\``,
        cause: error,
      });
    case 'commander.excessArguments': {
      const stray = operands.slice(command.registeredArguments.length);
      return new AppError('usage', `ctl ${name}: a word that belongs to nothing: ${stray.join(' ')}`, {
        hint: `\`ctl ${name} --help\` tells what it takes`,
        cause: error,
      });
    }
    default:
      return new AppError('usage', `ctl ${name}: ${error.message.replace(/^error: /, '')}`, {
        hint: `\`ctl ${name} --help\` shows how`,
        cause: error,
      });
  }
}

/** What is called differently elsewhere, also in other programs. */
const SAME_THING: readonly (readonly string[])[] = [
  ['-c', '--config', '--file', '--ini', '-C'],
  ['-s', '--service', '--services', '-S'],
  ['-v', '--verbose', '-d', '--debug'],
  ['-f', '--follow', '-F'],
  ['-p', '--pattern', '-e', '--regex', '--grep', '--match'],
  ['-i', '--ignore-case'],
  ['-u', '--url', '--path'],
  ['--watch', '-w', '-f', '--follow'],
  ['--follow', '-f', '-F'],
  ['--tail', '-n', '--lines'],
  ['--dry-run', '-n', '--plan', '--simulate', '--check', '--explain'],
  ['--explain', '--why'],
  ['--yes', '-y', '--assume-yes'],
  ['--batch', '-b'],
  ['--json', '-j'],
  ['--timeout', '-t', '--deadline'],
  ['--no-color', '--no-colour', '--nocolor'],
];

function unknownOption(typed: string, name: string, command: Command, grammar: Grammar): AppError {
  const [option = '', value] = typed.split('=', 2);
  const own = command.options.flatMap(namesOf);
  if (own.includes(option)) {
    return new AppError('usage', `${option} takes no value, and ${value === '' ? 'an empty one' : value} was given`, {
      hint: `write \`${option}\``,
    });
  }
  const same = SAME_THING.filter((names) => names.includes(option)).flatMap((names) => own.filter((one) => one === names[0]))[0];
  const owners = grammar.ownersOf(option);
  if (owners.length > 0) {
    const hint = same === undefined ? `it belongs to ${owners.join(', ')}` : `did you mean \`${same}\`?`;
    return new AppError('usage', `${option} does not belong to \`ctl ${name}\``, { hint });
  }
  // Every single letter is near to every other one.
  const near = same ?? (option.length > 2 ? nearest(option, own)[0] : undefined);
  const hint = near === undefined ? `\`ctl ${name} --help\` names them all` : `did you mean \`${near}\`?`;
  return new AppError('usage', `unknown option: ${option}`, { hint });
}

const namesOf = ({ short, long }: Option): string[] => [short, long].filter((one) => one !== undefined);
