import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { exampleClusterIni } from '../../../../controller/config/example.js';
import { parseCluster } from '../../../../controller/config/parse.js';
import { showConfig } from '../../../../controller/config/show.js';
import { upgradeIni } from '../../../../controller/config/upgrade.js';
import { formatProblem } from '../../../../shared/ini/ini.js';

const FIXTURES = fileURLToPath(new URL('../../../fixtures/config/', import.meta.url));
const OLD = readFileSync(`${FIXTURES}old-windows.ini`);
const PATH = '/etc/ctl/cluster.ini';

const upgrade = (content: string | Uint8Array, path = PATH) =>
  upgradeIni(typeof content === 'string' ? new TextEncoder().encode(content) : content, path, { file: 'cluster.ini', secrets: true });
const parse = (content: string | Uint8Array) => parseCluster(content, PATH, { file: 'cluster.ini' });

describe('an old file in the modern form', () => {
  const upgraded = upgrade(OLD);

  test('has each changed line below a comment that says what it is for', () => {
    expect(upgraded.text).toContain('; upgraded: a single % is written %%\nsubject = Plone: 100%% attention\n');
    expect(upgraded.text).toContain("; upgraded: a path of Windows; here the file lies in this file's own folder\nlogfile = ctl.log\n");
    expect(upgraded.text).toContain('; upgraded: a comment begins with ; or #\n; max_process_size = 900000\n');
    expect(upgraded.text).toContain('; upgraded: has no effect here, only in Squid\n;cache_dir = d:/squid/var/cache\n');
    expect(upgraded.changes.map(({ line, key }) => [line, key])).toEqual([
      [4, 'logfile'],
      [12, 'subject'],
      [13, 'ping_command'],
      [26, 'passwd'],
      [65, null],
      [75, 'cache_size'],
      [103, 'cache_dir'],
    ]);
  });

  test('keeps every other line as it was, comments among them', () => {
    const changed = new Set(upgraded.changes.map(({ line }) => line));
    const kept = OLD.toString()
      .split(/\r?\n/)
      .filter((_, index) => !changed.has(index + 1));
    const lines = upgraded.text.split('\n');
    expect(kept.filter((line) => !lines.includes(line))).toEqual([]);
  });

  test('means the same, but for the ping of another system', () => {
    expect(parse(upgraded.text).config).toEqual({ ...parse(OLD).config, pingCommand: ['ping', '-c', '1'] });
  });

  test('has only those warnings left that need a decision', () => {
    expect(parse(upgraded.text).problems.map(formatProblem)).toEqual([
      'cluster.ini:112: [zeoclient3.1] nothing refers to this section: it is ignored (list it under "zeoclients" of [cluster] to use it)',
    ]);
  });

  test('has nothing to change any more', () => {
    expect(upgrade(upgraded.text)).toEqual({ text: upgraded.text, changes: [] });
  });
});

test.each([
  [
    'a key that is set twice',
    '[s]\nA = 1\n  2\na: 3\n',
    '[s]\n; upgraded: is set again on line 4, and that one counts\n;A = 1\n;  2\na: 3\n',
  ],
  [
    'a % on a line of its own in a value with comments',
    '[s]\na = 1% ; %\n  # %\n  %(b)s%% 5%\nb = x\n',
    '[s]\n; upgraded: a single % is written %%\na = 1%% ; %\n  # %\n; upgraded: a single % is written %%\n  %(b)s%% 5%%\nb = x\n',
  ],
  [
    "flags and alternatives in Python's way",
    '[DEFAULT]\ncritical_errors = A|(?i)b\n',
    '[DEFAULT]\n; upgraded: the flag (?i) counts for the whole pattern\ncritical_errors = (?i)A|b\n',
  ],
  ['what looks like a slip of the pen', '[cluster]\nmin_activ = 2\n', '[cluster]\nmin_activ = 2\n'],
  ['the byte order mark and the line ends of Windows', '\ufeff[cluster]\r\nmin_active = 2\r\n', '[cluster]\nmin_active = 2\n'],
])('%s', (_, old, modern) => {
  expect(upgrade(old).text).toBe(modern);
});

test('on Windows the ways of Windows stay', () => {
  const text = '[DEFAULT]\nlogfile = D:\\ctl.log\nping_command = ping -n 1\n';
  expect(upgrade(text, 'D:\\ctl\\cluster.ini')).toEqual({ text, changes: [] });
});

test('a file in the encoding of Windows becomes UTF-8', () => {
  const { text, changes } = upgrade(Buffer.from('[DEFAULT]\nsubject = St\xf6rung \x96 Plone\n', 'latin1'));
  expect(text).toBe('[DEFAULT]\nsubject = Störung – Plone\n');
  expect(changes).toEqual([
    { line: null, section: null, key: null, why: 'it was not in UTF-8: read as Windows-1252; look whether all letters are right' },
  ]);
});

test('a file that is no text is refused', () => {
  expect(() => upgrade('[a]\0')).toThrow(expect.objectContaining({ code: 'config', message: 'cluster.ini:1: holds a NUL byte' }) as Error);
});

test('the example needs no change', () => {
  expect(upgrade(exampleClusterIni())).toEqual({ text: exampleClusterIni(), changes: [] });
});

const BAD = readdirSync(`${FIXTURES}bad/`).filter((name) => name.endsWith('.ini') && !/latin|nul|utf-16/.test(name));
test.each(BAD)('%s is upgraded without another meaning', (name) => {
  const text = readFileSync(`${FIXTURES}bad/${name}`);
  const { document } = parse(text);
  const upgraded = upgrade(text);
  expect(upgrade(upgraded.text)).toEqual({ text: upgraded.text, changes: [] });
  const effective = (shown: ReturnType<typeof showConfig>) =>
    shown.map(({ section, values }) => [section, values.map(({ key, value }) => [key, value])]);
  expect(effective(showConfig(parse(upgraded.text).document))).toEqual(effective(showConfig(document)));
});
