import { splitAddress } from '../../shared/ini/address.js';
import { isAbsolutePath } from '../../shared/ini/host-path.js';
import { didYouMean } from '../../shared/ini/nearest.js';
import { splitWords } from '../../shared/ini/words.js';
import type { Argv } from '../../shared/ports/exec.js';

/** How the text of one value of agent.ini is read. Pure. */
export interface ValueType<T> {
  /** For people. */
  readonly name: string;
  /** `value` stands for something only if there are no complaints. '' is the text of a key that is not there. */
  read(text: string): { readonly value: T; readonly complaints: readonly Complaint[] };
}

interface Complaint {
  readonly message: string;
  readonly hint: string | null;
}

export const text: ValueType<string> = { name: 'text', read: (value) => ({ value, complaints: [] }) };

/** A name without blanks that has to be there; `where` says what it is. */
export const neededName = (where: string): ValueType<string> => ({
  name: 'name',
  read(value) {
    if (value === '') return { value, complaints: complaint('is missing', where) };
    return { value, complaints: /\s/.test(value) ? complaint(`${quoted(value)} holds a blank`) : [] };
  },
});

export const neededAddress = (where: string): ValueType<string> => ({
  name: 'host:port or unix:/path',
  read(value) {
    if (value === '') return { value, complaints: complaint('is missing', where) };
    const good = value.startsWith('unix:/') || splitAddress(value)?.port !== undefined;
    return { value, complaints: good ? [] : complaint(`${quoted(value)} is not host:port or unix:/path`) };
  },
});

export const path: ValueType<string> = {
  name: 'absolute path',
  read: (value) => ({
    value,
    complaints: isAbsolutePath(value) && !value.includes('\n') ? [] : complaint(`${quoted(value)} is not an absolute path`),
  }),
};

/** Null: there is none. */
export const command: ValueType<Argv | null> = {
  name: 'command',
  read(value) {
    const split = splitWords(value);
    const [program, ...args] = split.ok ? split.words : [];
    return { value: program === undefined ? null : [program, ...args], complaints: split.ok ? [] : complaint(split.why) };
  },
};

export const neededCommand: ValueType<Argv | null> = {
  name: 'command',
  read(value) {
    const read = command.read(value);
    return read.value === null && read.complaints.length === 0 ? { value: null, complaints: complaint('is missing') } : read;
  },
};

/** Words with blanks or commas between them; double quotes hold one together. */
const words = (name: string, wrong: (word: string) => readonly Complaint[]): ValueType<readonly string[]> => ({
  name,
  read(value) {
    const split = splitWords(value, ',');
    return split.ok ? { value: split.words, complaints: split.words.flatMap(wrong) } : { value: [], complaints: complaint(split.why) };
  },
});

export const globs = words('names, * and ? stand for others', () => []);

export const paths = words('absolute paths, * and ? within a name', (word) => {
  if (!isAbsolutePath(word)) return complaint(`"${word}" is not an absolute path`);
  if (word.split(/[\\/]/).includes('..')) return complaint(`"${word}" holds ".."`);
  return word.includes('**') ? complaint(`"${word}" holds "**"`, 'what is below an allowed folder is allowed') : [];
});

export const choices = (all: readonly string[]): ValueType<readonly string[]> =>
  words(all.join(' '), (word) =>
    all.includes(word) ? [] : complaint(`unknown action "${word}"`, didYouMean(word, all) ?? `actions are ${all.join(' ')}`),
  );

const complaint = (message: string, hint: string | null = null): Complaint[] => [{ message, hint }];
const quoted = (value: string): string => `"${value.replaceAll('\n', ' ')}"`;
