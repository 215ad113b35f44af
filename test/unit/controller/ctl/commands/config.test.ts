import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseIni } from '../../../../../shared/ini/ini.js';
import { type } from '../harness.js';

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

const CLIENT = '[c]\nmachine = web1\nip = 10.0.0.1\nport = 8081\nservice_name = Zope_1\ntype = ZeoClient\n';
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

it('config show tells each effective value with the line that it comes from, and which are defaults', async () => {
  const { exit, out, err } = await show(
    '[DEFAULT]\ntimeout = 5\n[controller]\naddress = unix:/run/ctl.sock\n[feedcache]\nurl =\n  news\n  events\n[cluster]\n',
    '',
  );
  expect(exit).toBe(0);
  expect(err).toBe('');
  const lines = out
    .replaceAll(file, 'cluster.ini')
    .split('\n')
    .map((line) => line.replace(/(\S) {2,}/g, '$1  '));
  expect(lines.slice(lines.indexOf('[controller]  cluster.ini:3'), lines.indexOf('[cluster]  cluster.ini:9'))).toEqual([
    '[controller]  cluster.ini:3',
    '  address  cluster.ini:4  unix:/run/ctl.sock',
    '  state_dir  default  .ctl',
    '  heartbeat  default  5',
    '',
    '[feedcache]  cluster.ini:5',
    '  url  cluster.ini:7  news',
    '               cluster.ini:8  events',
    '  concurrency  default  4',
    '',
  ]);
  expect(lines).toContain('  timeout  cluster.ini:2  5');
  expect(out).not.toContain('mailhost');
});

it('config show of a file of the old Windows tool tells every value that counts with its line', async () => {
  const old = fileURLToPath(new URL('../../../../fixtures/config/old-windows.ini', import.meta.url));
  const seat = type(`config show -c ${old}`);
  expect(await seat.exit).toBe(0);
  const out = seat.out().replaceAll(old, 'cluster.ini');
  const written = parseIni(await readFile(old), 'cluster.ini').document;
  const silent = [written.defaults, ...written.sections.values()].flatMap((section) =>
    [...section.own.values()].filter(({ key, lines }) => {
      const shown = lines.some((line) => out.includes(`  cluster.ini:${line} `));
      return !shown || !out.includes(`  ${key} `);
    }),
  );
  // What nothing reads: a part of others, and two stray keys.
  expect(silent.map(({ line, key }) => `${line} ${key}`)).toEqual(['16 base', '75 cache_size', '103 cache_dir']);
  expect(out).toMatch(/^ {2}log_file +cluster\.ini:52 +D:\\Plone\\1\.1\\log\\event\.log$/m);
  expect(out).toMatch(
    /^ {2}rotate_logs +cluster\.ini:55 +D:\\Plone\\1\.1\\log\\event\.log\n +cluster\.ini:56 +D:\\Plone\\1\.1\\log\\Z2\.log$/m,
  );
});

it('config show says of an inherited value where it is inherited from', async () => {
  const { out } = await show(`[DEFAULT]\ntimeout = 5\n${CLIENT}`, '');
  expect(out.replaceAll(file, 'cluster.ini')).toMatch(/^ {2}timeout +cluster\.ini:2 \[DEFAULT\] +5$/m);
});

it('config show -v tells keys without a value too', async () => {
  const { out } = await show('[cluster]\n', '-v');
  expect(out).toMatch(/^ {2}mailhost +not set$/m);
});

it('config show of a wrong file shows it all the same, exit 2', async () => {
  const { exit, out, err } = await show('[cluster]\nzeoclients = nobody\nmin_active = x\n', '');
  expect(exit).toBe(2);
  expect(out.replaceAll(file, 'cluster.ini')).toMatch(/^ {2}min_active +cluster\.ini:3 +x$/m);
  expect(err.replaceAll(file, 'cluster.ini')).toBe('cluster.ini: 2 errors, 0 warnings; `ctl config check -c cluster.ini` tells them\n');
});

it('config show of a file that is not there is exit 2', async () => {
  const seat = type(`config show -c ${file}`);
  expect(await seat.exit).toBe(2);
  expect(seat.err()).toContain(`${file}: no such file`);
});

it.each([
  'config show',
  'config show -v',
  'config show --json',
  'config show --raw',
  'config check',
  'config check --json',
  'config upgrade --json',
])('`%s` shows no password, however it is referred to', async (line) => {
  await writeFile(
    file,
    `[DEFAULT]\npart = s3cret\n[cluster]\nzeoclients = c\nfrontend = %(part)s\n[connect]\npasswd = %(part)s%\npublic_name = %(passwd)s\nentity = a\npassword = s3cret\n[monitor]\ninterval = %(part)s\n${CLIENT}type = %(part)s\n`,
  );
  const seat = type(`${line} -c ${file}`);
  await seat.exit;
  expect(seat.out()).not.toBe('');
  expect(seat.out() + seat.err()).not.toContain('s3cret');
});

describe('config upgrade', () => {
  const OLD = '[connect]\npasswd = a%b\n[DEFAULT]\nping_command = ping -n 1\n';

  it('writes the new file to standard output, and what each change is for to standard error', async () => {
    await writeFile(file, OLD);
    const seat = type(`config upgrade ${file}`);
    expect(await seat.exit).toBe(0);
    expect(seat.out()).toBe(
      '[connect]\n; upgraded: a single % is written %%\npasswd = a%%b\n[DEFAULT]\n; upgraded: -n counts packets on Windows, -c does so here\nping_command = ping -c 1\n',
    );
    expect(seat.err().replaceAll(file, 'cluster.ini')).toBe(
      'cluster.ini:2: [connect] passwd: a single % is written %%\ncluster.ini:4: [DEFAULT] ping_command: -n counts packets on Windows, -c does so here\ncluster.ini: 2 changes\n',
    );
  });

  it('hides passwords on a terminal, unless they are asked for', async () => {
    await writeFile(file, OLD);
    const seat = type(`config upgrade ${file}`, { live: true });
    await seat.exit;
    expect(seat.out()).toContain('\npasswd = [redacted]\n');
    const asked = type(`config upgrade ${file} --secrets`, { live: true });
    await asked.exit;
    expect(asked.out()).toContain('\npasswd = a%%b\n');
  });
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
