import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatProblem, parseIni } from '../../../../shared/ini/ini.js';
import { runs } from '../../../support/runs.js';

const read = (content: string | Uint8Array) => parseIni(content, 'cluster.ini');
const problemsOf = (content: string | Uint8Array) =>
  read(content).problems.map((problem) => `${problem.severity} ${formatProblem(problem)}`);
const valueOf = (content: string, section: string, key: string) => read(content).document.sections.get(section)?.get(key);

describe('what goes beyond Python for old files', () => {
  test('a bare % is taken as it is, with a warning', () => {
    const file = '[connect]\npasswd = 50%\nlogin = %x%%';
    expect(valueOf(file, 'connect', 'passwd')).toMatchObject({ ok: true, text: '50%' });
    expect(valueOf(file, 'connect', 'login')).toMatchObject({ ok: true, text: '%x%' });
    expect(problemsOf(file)).toEqual([
      'warning cluster.ini:2: [connect] passwd: a % that is neither %% nor %(name)s is taken as it is (write %%)',
      'warning cluster.ini:3: [connect] login: a % that is neither %% nor %(name)s is taken as it is (write %%)',
    ]);
  });

  test('a REM line is ignored, with a warning, inside a value too', () => {
    const file = '[s]\nREM written in 2011\nlogs =\n  /a\n  rem /b\n  /c\nREM\n';
    expect(valueOf(file, 's', 'logs')).toMatchObject({ ok: true, text: '\n/a\n/c' });
    expect(problemsOf(file)).toEqual(
      [2, 5, 7].map((line) => `warning cluster.ini:${line}: [s] a REM line is ignored (comments begin with # or ;)`),
    );
  });

  test.each(['rem = 1', 'REM: 1', 'remark = 1', 'rem = a b'])('"%s" is a key like any other', (line) => {
    expect(problemsOf(`[s]\n${line}`)).toEqual([]);
    expect(read(`[s]\n${line}`).document.sections.get('s')?.own.size).toBe(1);
  });
});

describe('origins', () => {
  test('every value knows its lines, and an inherited one where it was inherited from', () => {
    const { document } = read('[DEFAULT]\ntimeout = 5\n\n[a.b]\nlogs =\n  # first\n  /x\n\n  /y\nport: 80\n');
    expect(document.sections.get('a.b')?.line).toBe(4);
    expect(document.sections.get('a.b')?.get('logs')?.entry).toEqual({
      section: 'a.b',
      key: 'logs',
      raw: '\n/x\n\n/y',
      line: 5,
      lines: [5, 7, 8, 9],
    });
    expect(document.sections.get('a.b')?.get('timeout')?.entry).toMatchObject({ section: 'DEFAULT', line: 2 });
    expect(document.sections.get('a.b')?.keys()).toEqual(['logs', 'port', 'timeout']);
  });

  test.each(['\n', '\r\n', '\r'])('lines are counted alike whatever ends them (%j)', (end) => {
    const { document } = read(['\ufeff[a]', '', '; c', 'k = v'].join(end));
    expect(document.sections.get('a')?.get('k')?.entry.line).toBe(4);
  });
});

describe('problems', () => {
  test('a duplicate section or key names both lines, and the later key wins', () => {
    const file = '[a]\nk = 1\n[b]\n[a]\nk = 2\n';
    expect(valueOf(file, 'a', 'k')).toMatchObject({ ok: true, text: '2' });
    expect(problemsOf(file)).toEqual([
      'warning cluster.ini:4: [a] this section begins on line 1 already: the two are read as one',
      'warning cluster.ini:5: [a] k: is set on line 2 too: this one counts',
    ]);
  });

  test('an inherited key is no duplicate in the heir', () => {
    expect(problemsOf('[DEFAULT]\nk = 1\n[a]\nk = 2\n[b]\nk = 3\n')).toEqual([]);
  });

  test('references that lead nowhere, in a circle or are badly written are errors with their line', () => {
    const file = '[s]\na = %(gone)s\nb = %(c)s\nc = %(b)s\nd = %(x\n';
    expect(problemsOf(file)).toEqual([
      'error cluster.ini:2: [s] a: %(gone)s: there is no key "gone" in this section or in [DEFAULT]',
      'error cluster.ini:3: [s] b: refers to itself: b -> c -> b',
      'error cluster.ini:4: [s] c: refers to itself: c -> b -> c',
      'error cluster.ini:5: [s] d: a reference must read %(name)s: this one does not end',
    ]);
  });

  test('a [DEFAULT] value may refer to what only its heirs have', () => {
    const file = '[DEFAULT]\nlog = /srv/%(name)s/log\n[a]\nname = x\n';
    expect(problemsOf(file)).toEqual([]);
    expect(valueOf(file, 'a', 'log')).toMatchObject({ ok: true, text: '/srv/x/log' });
    expect(read(file).document.defaults.get('log')).toMatchObject({ ok: false, kind: 'missing' });
  });

  test('all wrong lines are told, text before the first section once', () => {
    expect(problemsOf('x = 1\ny = 2\n[s]\njust words\n= 3\nk = 1\n')).toEqual([
      'error cluster.ini:1: stands before the first [section]',
      'error cluster.ini:4: [s] neither a [section] nor "key = value" (a line that continues a value must be indented more than its key)',
      'error cluster.ini:5: [s] a value without a key',
    ]);
  });

  test('of more than 1000 the rest is told as one, and an error among them is not lost', () => {
    const problems = problemsOf(`[s]\n${'k = %x\n'.repeat(600)}junk\n`);
    expect(problems).toHaveLength(601);
    const many = problemsOf(`[s]\n${'k = 1\n'.repeat(1500)}junk\n`);
    expect(many).toHaveLength(1001);
    expect(many.at(-1)).toBe('error cluster.ini:1003: there are more problems from here on');
  });

  test('a few lines cannot expand without end', () => {
    const lines = Array.from({ length: 9 }, (_, i) => `k${i} = ${`%(k${i + 1})s`.repeat(20)}`);
    const problems = problemsOf(`[s]\n${lines.join('\n')}\nk9 = ${'x'.repeat(1000)}\n`);
    expect(problems[0]).toBe('error cluster.ini:2: [s] k0: the references of this file expand to too much text');
  });
});

describe('files that cannot be read as text', () => {
  test('a NUL is named with its line', () => {
    expect(problemsOf('[s]\nk = a\0b\n')).toEqual(['error cluster.ini:2: holds a NUL byte']);
  });

  test('UTF-16 is recognised', () => {
    expect(problemsOf(Buffer.from('\ufeff[s]\nk = 1\n', 'utf16le'))).toEqual([
      'error cluster.ini:1: holds a NUL byte (save the file as UTF-8; it looks like UTF-16)',
    ]);
  });

  test('Latin-1 is named with its line', () => {
    const hint = 'save the file as UTF-8; it may be in Windows-1252 or Latin-1';
    expect(problemsOf(Buffer.from('[s]\nk = ä\n', 'latin1'))).toEqual([`error cluster.ini:2: not UTF-8 (${hint})`]);
  });

  test('1 MiB is read, a byte more is refused', () => {
    const file = Buffer.alloc(1024 * 1024, '#');
    expect(problemsOf(file)).toEqual([]);
    expect(problemsOf(Buffer.concat([file, Buffer.from('#')]))).toEqual(['error cluster.ini: larger than 1 MiB (is this the right file?)']);
  });
});

test('no input makes the parser throw: each key has an answer, each problem a line of the file', () => {
  const bytes = fc.uint8Array({ maxLength: 200 });
  const text = fc.string({ unit: 'binary', maxLength: 200 });
  fc.assert(
    fc.property(fc.oneof(bytes, text), (content) => {
      const { document, problems } = read(content);
      const lines = 1 + Buffer.from(content).filter((byte) => byte === 10 || byte === 13).length;
      for (const { line } of problems) expect(line ?? 1).toBeLessThanOrEqual(lines);
      for (const section of document.sections.values()) for (const key of section.keys()) expect(section.get(key)).toBeDefined();
    }),
    { numRuns: runs(5000) },
  );
});
