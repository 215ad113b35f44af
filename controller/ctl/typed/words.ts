import { AppError } from '../../../shared/errors.js';

/** What the words of a command line are, before anybody knows which action they belong to. */
export interface Words {
  /** The value of `-a`; null: the modern form. */
  readonly oldAction: string | null;
  /** Options and their values, short ones apart (`-vR` is `-v -R`), `-s` with all that belongs to it in one word. */
  readonly options: readonly string[];
  /** Every other word, in order. */
  readonly operands: readonly string[];
}

/** Which options there are (`-s`, `--batch`); `takesValue` of an unknown one is undefined. */
export interface KnownOptions {
  takesValue(option: string): boolean | undefined;
}

/**
 * Sorts the words. `-s zeoclient1.1, zeoclient1.2` is one option: the next word belongs to `-s` as long as the one before ends with
 * a comma. An unknown option is passed on as it is: whoever knows the action says what is wrong with it.
 */
export function sortWords(argv: readonly string[], known: KnownOptions): Words {
  const options: string[] = [];
  const operands: string[] = [];
  let oldAction: string | null = null;
  const rest = [...argv];

  const take = (option: string, glued: string | undefined): void => {
    const value = glued ?? valueOf(option, rest);
    if (option === '-a') {
      if (oldAction !== null) throw new AppError('usage', '-a is given twice', { hint: 'one action at a time' });
      oldAction = value;
      return;
    }
    options.push(option, option === '-s' ? withNamesAfterCommas(value, rest) : value);
  };

  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    if (word === '--') {
      operands.push(...rest);
      break;
    }
    if (word === '-' || !word.startsWith('-')) operands.push(word);
    else if (word.startsWith('--')) {
      if (known.takesValue(word) === true) take(word, undefined);
      else options.push(word);
    } else if (!isCluster(word, known)) options.push(word);
    else {
      for (let i = 1; i < word.length; i++) {
        const option = `-${word.charAt(i)}`;
        if (known.takesValue(option) !== true) options.push(option);
        else {
          take(option, word.length > i + 1 ? word.slice(i + 1) : undefined);
          break;
        }
      }
    }
  }
  return { oldAction, options, operands };
}

/** The names in `a,b` or in several such words. Words without any name would silently mean "all": refused. */
export function splitNames(words: readonly string[]): string[] {
  const names = words.flatMap((word) => word.split(',')).flatMap((name) => (name.trim() === '' ? [] : [name.trim()]));
  if (words.length > 0 && names.length === 0) {
    throw new AppError('usage', `no service name in \`${words.join(' ')}\``, { hint: 'leave out the option to mean all services' });
  }
  return names;
}

/** `-vR` and `-sA,B`, but not `-dry-run`: every letter up to the first one with a value must be an option. */
function isCluster(word: string, known: KnownOptions): boolean {
  for (const letter of word.slice(1)) {
    const takes = known.takesValue(`-${letter}`);
    if (takes === undefined) return false;
    if (takes) return true;
  }
  return true;
}

function valueOf(option: string, rest: string[]): string {
  const value = rest[0];
  // A value may look like an option only where it is a pattern.
  if (value === undefined || (value.startsWith('-') && option !== '-p')) {
    throw new AppError('usage', `${option} needs a value`, { hint: `write \`${option} ${EXAMPLES[option] ?? 'VALUE'}\`` });
  }
  rest.shift();
  return value;
}

function withNamesAfterCommas(first: string, rest: string[]): string {
  let names = first;
  for (let next = rest[0]; names.trimEnd().endsWith(',') && next !== undefined && !next.startsWith('-'); next = rest[0]) {
    names += next;
    rest.shift();
  }
  return names;
}

const EXAMPLES: Readonly<Record<string, string>> = {
  '-a': 'start',
  '-c': 'cluster.ini',
  '-s': 'zeoclient1.1,zeoclient1.2',
  '-u': '/news',
  '--timeout': '30',
  '--batch': '2',
  '--max-fail': '1',
  '--deadline': '3600',
  '--for': '2h',
  '--reason': '"memory"',
};
