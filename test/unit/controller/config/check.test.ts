import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createOfflineConfig } from '../../../../controller/config/offline.js';
import { formatProblem } from '../../../../shared/ini/ini.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ctl-check-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const client = (name: string, port: number) =>
  `[${name}]\ntype = ZeoClient\nmachine = web1\nip = 10.0.0.1\nport = ${port}\nservice_name = ${name}\n`;

/** What `config check` says, without the folder; `pound` is the text of pound.cfg. */
async function check({ pound, ini = '', control = '' }: { pound?: string; ini?: string; control?: string }): Promise<string[]> {
  if (pound !== undefined) await writeFile(join(folder, 'pound.cfg'), pound);
  const file = join(folder, 'cluster.ini');
  const frontend = `[pound]\ntype = Pound\nmachine = front\nip = 10.0.0.9\nport = 80\nservice_name = Pound\nconf = ${folder}/pound.cfg\n${control}`;
  await writeFile(file, `${ini}[cluster]\nzeoclients = c1, c2\nfrontend = pound\n${frontend}${client('c1', 8081)}${client('c2', 8082)}`);
  const problems = await createOfflineConfig({}).problems(file);
  return problems.map((problem) => `${problem.severity} ${formatProblem(problem)}`.replaceAll(`${folder}/`, ''));
}

const backend = (port: number, address = '10.0.0.1') => `BackEnd\nAddress ${address}\nPort ${port}\nEnd\n`;
const GOOD = `WorkerMinCount 64\nAlive 5\nListenHTTP\nAddress 0.0.0.0\nPort 80\nService\n${backend(8081)}${backend(8082)}End\nEnd\n`;

describe('a pound.cfg that can be read on this host', () => {
  test('is well if it holds every client, has enough workers and looks often', async () => {
    expect(await check({ pound: GOOD })).toEqual([]);
  });

  test('is complained about if a client is not in it', async () => {
    expect(await check({ pound: GOOD.replace('8082', '8083') })).toEqual([
      "warning cluster.ini:10: [pound] conf: pound.cfg has no backend 10.0.0.1:8082: [c2] can't be taken out there",
    ]);
  });

  test('is complained about for few workers and rare probes, also if these are the defaults', async () => {
    const few = 'pound.cfg has a WorkerMinCount of 5: kept connections can starve others and the control socket (write WorkerMinCount 64)';
    const rare = 'pound.cfg has Alive 30: so many seconds can pass until a client that was dead gets requests (write Alive 5)';
    const expected = [`warning cluster.ini:10: [pound] conf: ${few}`, `warning cluster.ini:10: [pound] conf: ${rare}`];
    expect(await check({ pound: GOOD.replace('WorkerMinCount 64\nAlive 5\n', '') })).toEqual(expected);
    expect(await check({ pound: GOOD.replace('64', '5').replace('Alive 5', 'ALIVE 30') })).toEqual(expected);
  });

  test('is read with what it includes, comments, quotes and global backends', async () => {
    await writeFile(join(folder, 'more.cfg'), `BackEnd "one"\n  Address "10.0.0.1" # web1\n  Port 8081\nEnd\n`);
    const pound = `WorkerMinCount 64\nAlive 5\nInclude "more.cfg"\nService\n  UseBackend "one"\n  Emergency Address 10.0.0.1\n  Port \\\n 8082\n  End\nEnd\n#${backend(8083)}`;
    expect(await check({ pound })).toEqual([]);
  });

  test.each([
    ['an include lies elsewhere', `Include "/nonexistent/backends.cfg"\n${GOOD.replace('8082', '8083')}`],
    ['a backend is written by its name', GOOD.replace('Address 10.0.0.1\nPort 8082', 'Address web1\nPort 8082')],
  ])('is not complained about for what it may hold: %s', async (_, pound) => {
    expect(await check({ pound })).toEqual([]);
  });

  test.each([
    [
      'Control "/run/p.sock"\n',
      '',
      'pound.cfg has a control socket: without it here each change restarts Pound (control = /run/p.sock)',
      4,
    ],
    ['', 'control = /run/p.sock\n', 'pound.cfg has no Control line: there will be no such socket (write Control "/run/p.sock")', 11],
    ['Control\nSocket "/run/q.sock"\nEnd\n', 'control = /run/p.sock\n', 'pound.cfg has another: /run/q.sock (control = /run/q.sock)', 11],
  ])('has to name the same control socket: %j, %j', async (line, control, message, at) => {
    expect(await check({ pound: line + GOOD, control })).toEqual([`warning cluster.ini:${at}: [pound] control: ${message}`]);
  });

  test('that is not there says nothing: Pound runs on another host', async () => {
    expect(await check({})).toEqual([]);
  });
});

describe('a pattern', () => {
  test.each([
    ['(a+)+$', '"(a+)+$" can take for ever on a single line'],
    ['(?i)ERROR.*(x|X)*y', '"(?i)ERROR.*(x|X)*y" can take for ever on a single line'],
    ['x*x*x*y', '"x*x*x*y" takes long on long lines: its time grows with their length to the power of 4'],
  ])('that explodes is a warning: %s', async (pattern, message) => {
    expect(await check({ ini: `[DEFAULT]\ncritical_errors = ${pattern}\n` })).toEqual([
      `warning cluster.ini:2: [DEFAULT] critical_errors: ${message} (repeat nothing that repeats itself, leave out .*)`,
    ]);
  });

  test('that is harmless is none', async () => {
    expect(await check({ ini: '[DEFAULT]\ncritical_errors = MemoryError|Conflict.*Error|x{3}|\\s+$\n' })).toEqual([]);
  });
});

describe('a password that every user can read', () => {
  test.each(['passwd = s', 'passwd_file = secret'])('is a warning: %s', async (line) => {
    await writeFile(join(folder, 'secret'), 's\n');
    await chmod(join(folder, 'secret'), 0o644);
    const [first, ...others] = await check({ ini: `[connect]\n${line}\n` });
    expect(others).toEqual([]);
    expect(first).toMatch(
      /^warning cluster\.ini:2: \[connect\] passwd\w*: every user of this machine can read the password \(chmod o-r .*\)$/,
    );
  });

  test('of the mails as well', async () => {
    await writeFile(join(folder, 'mail'), 's\n');
    await chmod(join(folder, 'mail'), 0o644);
    const message = 'every user of this machine can read the password (chmod o-r mail)';
    const ini = '[DEFAULT]\nmail_password_file = mail\n';
    expect(await check({ ini })).toEqual([`warning cluster.ini:2: [DEFAULT] mail_password_file: ${message}`]);
    await chmod(join(folder, 'mail'), 0o600);
    expect(await check({ ini })).toEqual([]);
  });
});
