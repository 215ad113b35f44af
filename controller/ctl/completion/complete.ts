import type { Option } from 'commander';
import { type Action, commonOptions, option } from '../typed/action.js';

/** Something that can be typed in the place of the word under the cursor. */
export interface Candidate {
  readonly word: string;
  readonly meaning: string;
}

/** What only the world knows: asked when it is needed, for the ini file that the line names. */
export interface World {
  services(file: string): Promise<readonly Candidate[]>;
  operations(file: string): Promise<readonly Candidate[]>;
}

/** What can stand there; `files`: any file besides. */
export interface Completion {
  readonly candidates: readonly Candidate[];
  readonly files: boolean;
}

/** Completes the last of `words` (those after `ctl`; '' for a word that has not been begun), by the actions that the parser goes by. */
export async function complete(words: readonly string[], all: readonly Action[], world: World): Promise<Completion> {
  const actions = all.filter(({ hidden }) => hidden !== true);
  const current = words.at(-1) ?? '';
  const line = readLine(words.slice(0, -1), actions);
  const [, glued, begun] = /^(--[^=]+=)(.*)$/.exec(current) ?? [];
  const open = glued === undefined ? line.open : (line.options.find(({ long }) => `${long}=` === glued) ?? null);
  if (open !== null) return beginningWith(current, await valuesOf(open, begun ?? current, line, world), glued ?? '');
  if (current.startsWith('-')) return beginningWith(current, only(line.options.flatMap(candidatesOf)));
  const next = nextWords(line.operands, actions);
  if (line.action === null) return beginningWith(current, only(next));
  const { candidates, files } = await operandsOf(line.action, line, world);
  return beginningWith(current, { candidates: [...next, ...candidates], files });
}

/** The line up to the cursor. */
interface Line {
  readonly action: Action | null;
  readonly operands: readonly string[];
  /** Of the action, or of all of them before there is one. */
  readonly options: readonly Option[];
  /** The option whose value comes next; null: none. */
  readonly open: Option | null;
  readonly file: string;
}

function readLine(words: readonly string[], actions: readonly Action[]): Line {
  const known = [OLD_FORM, ...commonOptions(), ...actions.flatMap(({ options }) => options)];
  const operands: string[] = [];
  let open: Option | null = null;
  let file = 'cluster.ini';
  let old: string | null = null;
  for (const word of words) {
    if (open !== null) {
      if (open.short === '-c') file = word;
      if (open === OLD_FORM) old = word;
      // `-s a, b` is one option.
      if (open.short !== '-s' || !word.endsWith(',')) open = null;
    } else if (word.startsWith('-')) {
      open = known.find((one) => one.required && (one.short === word || one.long === word)) ?? null;
    } else operands.push(word);
  }
  const typed = old === null ? operands : [old];
  const action = actions.find(({ name }) => name === typed.slice(0, 2).join(' ')) ?? actions.find(({ name }) => name === typed[0]) ?? null;
  const options = action === null ? [OLD_FORM, ...commonOptions()] : [...action.options, ...commonOptions()];
  return { action, operands, options, open, file };
}

/** `-a ACTION`, which comes before there is an action. */
const OLD_FORM = option('-a <action>', 'the old form: start, stop, check, …');

function nextWords(operands: readonly string[], actions: readonly Action[]): Candidate[] {
  const depth = operands.length;
  const found = new Map<string, string>();
  for (const { name, summary } of actions) {
    const parts = name.split(' ');
    const word = parts[depth];
    if (word === undefined || operands.some((one, i) => one !== parts[i])) continue;
    if (!found.has(word)) found.set(word, parts.length === depth + 1 ? summary : `${parts.slice(0, depth + 1).join(' ')} …`);
  }
  return [...found].map(([word, meaning]) => ({ word, meaning }));
}

async function valuesOf(option: Option, begun: string, line: Line, world: World): Promise<Completion> {
  if (option.short === '-c') return { candidates: [], files: true };
  if (option === OLD_FORM) return only(OLD_ACTIONS.map((word) => ({ word, meaning: '' })));
  if (option.short !== '-s') return only((option.argChoices ?? []).map((word) => ({ word, meaning: '' })));
  const before = begun.slice(0, begun.lastIndexOf(',') + 1);
  const services = await world.services(line.file);
  return only(services.map(({ word, meaning }) => ({ word: before + word, meaning })));
}

/** Actions of the old form. */
const OLD_ACTIONS = ['start', 'stop', 'check', 'repair', 'mem', 'log', 'rotate', 'purge'] as const;

async function operandsOf(action: Action, line: Line, world: World): Promise<Completion> {
  if (action.operands.includes('services')) return only(await world.services(line.file));
  if (action.operands.includes('id')) return only(await world.operations(line.file));
  if (action.operands.includes('file')) return { candidates: [], files: true };
  const words = /<([\w|]+)>/.exec(action.operands)?.[1]?.split('|') ?? [];
  return only(words.length > 1 ? words.map((word) => ({ word, meaning: '' })) : []);
}

const candidatesOf = (option: Option): Candidate[] =>
  [option.short, option.long].flatMap((word) => (word === undefined || option.hidden ? [] : [{ word, meaning: option.description }]));

const only = (candidates: readonly Candidate[]): Completion => ({ candidates, files: false });

function beginningWith(current: string, { candidates, files }: Completion, glued = ''): Completion {
  const whole = candidates.map(({ word, meaning }) => ({ word: glued + word, meaning }));
  return { candidates: whole.filter(({ word }) => word.startsWith(current)), files };
}
