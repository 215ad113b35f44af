import { didYouMean } from '../../../shared/ini/nearest.js';
import { splitWords } from '../../../shared/ini/words.js';
import type { Argv } from '../../../shared/ports/exec.js';
import { Secret } from '../../../shared/model/secret.js';
import { bad, continuationHint, doubtful, good, MISSING, shown, type ValueType } from './value-type.js';

export const text: ValueType<string> = { name: 'text', blank: '', parse: (value) => good(value) };

export const needed: ValueType<string> = { name: 'text', blank: '', parse: (value) => (value === '' ? MISSING : good(value)) };

export const secret: ValueType<Secret<string>> = { name: 'secret', blank: new Secret(''), parse: (value) => good(new Secret(value)) };

/** One of a few words; '' stands for `none` where it is among them. */
export function choice<const T extends string>(...words: readonly [T, ...T[]]): ValueType<T> {
  return {
    name: words.filter((word) => word !== '').join(', '),
    words: words.filter((word) => word !== ''),
    blank: words[0],
    parse(value) {
      const word = words.find((candidate) => candidate === value);
      if (word !== undefined) return good(word);
      if (value === '') return MISSING;
      const allowed = words.filter((candidate) => candidate !== '');
      return bad(`${shown(value)} is not one of ${allowed.join(', ')}`, didYouMean(value, allowed) ?? continuationHint(value));
    },
  };
}

/** Names with commas or on lines of their own; a name may hold blanks. */
export const names: ValueType<readonly string[]> = {
  name: 'names with commas between them',
  blank: [],
  parse(value) {
    const all = value.split(/[,\n]/).map((name) => name.trim());
    const unique = new Set<string>();
    let twice: string | null = null;
    for (const name of all.filter((each) => each !== '')) {
      if (unique.has(name)) twice ??= name;
      unique.add(name);
    }
    if (unique.size > MAX_NAMES) return bad(`${unique.size} names are more than ${MAX_NAMES}`);
    return twice === null ? good([...unique]) : doubtful([...unique], `${shown(twice)} stands here twice`);
  },
};

const MAX_NAMES = 1000;

export const neededNames: ValueType<readonly string[]> = {
  ...names,
  parse: (value, iniPath) => (value === '' ? MISSING : names.parse(value, iniPath)),
};

export const mailAddresses: ValueType<readonly string[]> = {
  name: 'mail addresses with ; or , between them',
  blank: [],
  parse(value) {
    const all = value.split(/[;,\n]/).map((address) => address.trim());
    const addresses = all.filter((address) => address !== '');
    const wrong = addresses.find((address) => !/^[^\s@]+@[^\s@]+$/.test(address) && !/^[^<>@]*<[^\s@<>]+@[^\s@<>]+>$/.test(address));
    return wrong === undefined ? good(addresses) : { ...bad(`${shown(wrong)} is not a mail address`), part: wrong };
  },
};

export const linesOf = (value: string): string[] =>
  value
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');

/** Split on blanks, double quotes group, a backslash is plain; null: none. No shell ever sees it. */
export const command: ValueType<Argv | null> = {
  name: 'command',
  blank: null,
  parse(value) {
    const split = splitWords(value);
    if (!split.ok) return bad(split.why);
    const [program, ...args] = split.words;
    return good(program === undefined || program === '' ? null : [program, ...args]);
  },
};

/** A path inside Zope, without the slashes at its ends. */
export const slashless: ValueType<string> = {
  name: 'path inside Zope',
  blank: '',
  parse: (value) =>
    good(
      value
        .split('/')
        .filter((part) => part !== '')
        .join('/'),
    ),
};

/** A path below the site's root, as it is written. */
export const sitePath: ValueType<string> = {
  name: 'path on the site',
  blank: '',
  parse: (value) =>
    isUrl(value)
      ? bad(`${shown(value)} is a URL, a path is wanted`)
      : /\s/.test(value)
        ? bad(`${shown(value)} holds a blank`)
        : good(value),
};

export const sitePaths: ValueType<readonly string[]> = {
  name: 'paths on the site, one a line',
  blank: [],
  parse(value) {
    const paths = linesOf(value);
    const wrong = paths.find((path) => isUrl(path) || /\s/.test(path));
    return wrong === undefined ? good(paths) : { ...bad(`${shown(wrong)} is not a path on the site`), part: wrong };
  },
};

const isUrl = (value: string): boolean => /^[a-z][a-z0-9+.-]*:\/\//i.test(value);
