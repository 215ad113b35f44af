import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseIni, type IniSection } from '../../../../shared/ini/ini.js';
import { runs } from '../../../support/runs.js';

const FILES = runs(3000);
const BATCH = 1000;

/** Words that a wrong reading would take apart: delimiters, comments, quotes, brackets, names of JavaScript's own, odd blanks. */
const WORD = fc.constantFrom(
  ...[
    'a',
    'b',
    'KEY',
    'key',
    'Name',
    'ä',
    'Σ',
    'ΑΣ',
    'İ',
    '日本',
    '😀',
    '1',
    '10',
    'true',
    'null',
    'DEFAULT',
    '__proto__',
    'constructor',
    'toString',
    'x[]',
  ],
  ...[
    ';',
    ' ;',
    ' ; c',
    '#',
    ' # c',
    '"',
    "'",
    '\\',
    '\\;',
    '\\#',
    '\\.',
    '[',
    ']',
    '[s]',
    '=',
    ':',
    '==',
    '.',
    ',',
    '|',
    '-',
    ' ',
    '  ',
    '\t',
    '%%',
  ],
  ...[
    '\u000b',
    '\u000c',
    '\u001c',
    '\u001f',
    '\u0085',
    '\u00a0',
    '\u2003',
    '\u2028',
    '\u2029',
    '\u3000',
    '\ufeff',
    '\u0001',
    '\u007f',
    '\u200b',
  ],
  ...[
    '%(a)s',
    '%(b)s',
    '%(key)s',
    '%(KEY)s',
    '%(x)s',
    '%(none)s',
    '%(__proto__)s',
    '%(constructor)s',
    '%%(a)s',
    '"q"',
    "'q'",
    '{"a":1}',
    'C:\\zope\\log',
  ],
);
const RARE_WORD = fc.oneof({ weight: 60, arbitrary: WORD }, { weight: 1, arbitrary: fc.constantFrom('%(a', '%()s', '%(a)', '%(a b)s') });
const TEXT = fc.array(RARE_WORD, { maxLength: 5 }).map((words) => words.join(''));
const KEY = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.constantFrom(
      'a',
      'b',
      'key',
      'Key',
      'x',
      'c d',
      '__proto__',
      'constructor',
      'hasOwnProperty',
      'x[]',
      '1',
      '2',
      'line',
      '@',
      '"q"',
      'p.q',
    ),
  },
  { weight: 1, arbitrary: TEXT },
);
const SECTION = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.constantFrom(
      'DEFAULT',
      's',
      'S',
      'zeoclient1.1',
      'a.b.c',
      'a\\.b',
      '.',
      '\\',
      '__proto__',
      'constructor',
      '1',
      'two words',
      'a]b',
      'x[]',
      'true',
      '"q"',
    ),
  },
  { weight: 1, arbitrary: TEXT },
);
const INDENT = fc.constantFrom('', '', '', '', ' ', '  ', '\t', '    ', '\u00a0');
const DELIMITER = fc.constantFrom('=', ' = ', ':', ' : ', '= ', ' =', '\t=\t');
const LINE = fc.oneof(
  { weight: 8, arbitrary: fc.tuple(INDENT, KEY, DELIMITER, TEXT).map((parts) => parts.join('')) },
  {
    weight: 3,
    arbitrary: fc
      .tuple(INDENT, SECTION, fc.constantFrom('', '', '', ' ', ' ; c', ' junk', '=x'))
      .map(([indent, name, tail]) => `${indent}[${name}]${tail}`),
  },
  { weight: 3, arbitrary: TEXT.map((text) => `        ${text}`) },
  { weight: 2, arbitrary: fc.constantFrom('', '', ' ', '\t', '# c', '; c', '   # c = d', '   ; c', '\u00a0') },
  { weight: 1, arbitrary: fc.tuple(KEY, DELIMITER).map((parts) => parts.join('')) },
);
const CHAIN = fc
  .integer({ min: 7, max: 13 })
  .map((length) => Array.from({ length }, (_, i) => `k${i} = %(k${i + 1})s`).concat(`k${length} = %%end`));
const FILE = fc
  .tuple(
    fc.constantFrom('', '', '\ufeff'),
    fc.oneof(
      { weight: 30, arbitrary: fc.constant(['[s]']) },
      { weight: 30, arbitrary: fc.constant(['[DEFAULT]', 'a = 1']) },
      { weight: 1, arbitrary: fc.constant([]) },
    ),
    fc.array(LINE, { maxLength: 14 }),
    fc.oneof({ weight: 9, arbitrary: fc.constant([]) }, { weight: 1, arbitrary: CHAIN }),
    fc.constantFrom('\n', '\n', '\r\n', '\r'),
    fc.boolean(),
  )
  .map(([bom, first, lines, chain, end, last]) => bom + [...first, ...lines, ...chain].join(end) + (last ? end : ''))
  // The two deviations from Python for old files have tests of their own.
  .filter((text) => !/^[^\S\n]*rem/im.test(text));

describe('the dialect of cluster.ini', () => {
  const seed = Number(process.env.INI_SEED ?? 20110412);
  const files = fc.sample(FILE, { numRuns: FILES, seed });

  test(`is that of Python's ConfigParser on ${FILES} generated files`, { timeout: 120_000 }, () => {
    const said = batches(files).flatMap(askPython);
    expect(said).toHaveLength(files.length);
    // The generator must reach both kinds of answers, or nothing is compared.
    expect(said.filter((answer) => 'sections' in answer).length).toBeGreaterThan(FILES / 4);
    expect(said.filter((answer) => 'error' in answer).length).toBeGreaterThan(FILES / 150);
    for (const [index, file] of files.entries()) expect({ file, said: ours(file) }).toEqual({ file, said: said[index] });
  });
});

type Answer =
  | { readonly error: string }
  | { readonly sections: readonly (readonly [string, readonly (readonly [string, { text: string } | { error: string }])[]])[] };

function ours(file: string): Answer {
  const { document, problems } = parseIni(new TextEncoder().encode(file), 'generated.ini');
  const wrong = problems.find((problem) => problem.severity === 'error' && problem.key === null);
  if (wrong !== undefined) return { error: wrong.message.startsWith('stands before') ? 'MissingSectionHeaderError' : 'ParsingError' };
  return { sections: [document.defaults, ...document.sections.values()].map((section) => [section.name, valuesOf(section)]) };
}

const valuesOf = (section: IniSection) =>
  section.keys().map((key) => {
    const value = section.get(key);
    if (value === undefined) throw new Error(`a key without a value: ${key}`);
    return [key, value.ok ? { text: value.text } : { error: PYTHON_NAME[value.kind] }] as const;
  });

const PYTHON_NAME = {
  missing: 'InterpolationMissingOptionError',
  syntax: 'InterpolationSyntaxError',
  loop: 'InterpolationDepthError',
  size: 'none',
};

const batches = (all: readonly string[]): string[][] =>
  Array.from({ length: Math.ceil(all.length / BATCH) }, (_, i) => all.slice(i * BATCH, (i + 1) * BATCH));

function askPython(batch: readonly string[]): Answer[] {
  const input = batch.map((file) => `${Buffer.from(file).toString('base64')}\n`).join('');
  const script = fileURLToPath(new URL('python_oracle.py', import.meta.url));
  const { status, stdout, stderr } = spawnSync('python3', [script], { input, encoding: 'utf8', maxBuffer: 1 << 28, timeout: 60_000 });
  if (status !== 0) throw new Error(`python3 ended with ${String(status)}: ${stderr}`);
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Answer);
}
