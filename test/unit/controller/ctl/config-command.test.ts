import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type } from './harness.js';

let folder: string;
let file: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ctl-config-'));
  file = join(folder, 'cluster.ini');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function show(text: string, flags = '--raw --json') {
  await writeFile(file, text);
  const seat = type(`config show ${flags} -c ${file}`);
  return { exit: await seat.exit, out: seat.out(), err: seat.err() };
}

const INI = '[DEFAULT]\nhost = web1\n[connect]\nlogin = admin\npasswd = s3cret\n[a.b]\nurl = http://%(host)s/%%\n';

it('config show gives each section inherited and interpolated, without passwords', async () => {
  const { exit, out } = await show(INI);
  expect(exit).toBe(0);
  expect(JSON.parse(out)).toEqual({
    DEFAULT: { host: 'web1' },
    connect: { login: 'admin', passwd: '[redacted]', host: 'web1' },
    'a.b': { url: 'http://web1/%', host: 'web1' },
  });
});

it('config show hides a password wherever it was interpolated', async () => {
  const { out } = await show('[connect]\npasswd = s3cret\nurl = http://admin:%(passwd)s@x/\n');
  expect(out).not.toContain('s3cret');
});

it('config show --secrets shows them', async () => {
  const { out } = await show(INI, '--raw --json --secrets');
  expect(JSON.parse(out)).toMatchObject({ connect: { passwd: 's3cret' } });
});

it('config show without --json is an ini file', async () => {
  const { out } = await show('[b]\nx = 1\n  2\n', '--raw');
  expect(out).toBe('[DEFAULT]\n\n[b]\nx = 1\n    2\n');
});

it.each(['x = 1\n', '[a]\nx = %(nothing)s\n'])('config show is exit 2 where Python raises', async (text) => {
  const { exit, err } = await show(text, '--raw');
  expect(exit).toBe(2);
  expect(err).toContain('cluster.ini:');
});

it('config show without --raw is refused', async () => {
  const { exit, err } = await show(INI, '');
  expect(exit).toBe(2);
  expect(err).toBe('ctl: not in this version: config show without --raw\n  → write `ctl config show --raw`\n');
});

it('config check prints every problem with its place, and counts them', async () => {
  const problem = { file: 'cluster.ini', section: 'a', key: 'prot', hint: 'did you mean "port"?' };
  const seat = type('config check', {
    configProblems: async () => [
      { severity: 'warning', line: 3, message: 'unknown key', ...problem },
      { severity: 'error', line: 9, message: 'no', ...problem },
    ],
  });
  expect(await seat.exit).toBe(2);
  expect(seat.out()).toBe(`warning  cluster.ini:3: [a] prot: unknown key (did you mean "port"?)
error    cluster.ini:9: [a] prot: no (did you mean "port"?)
cluster.ini: 1 error, 1 warning
`);
});
