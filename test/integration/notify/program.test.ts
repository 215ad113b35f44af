import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createProcesses, type Finished } from '../../../deploy/demo/processes.js';
import { type Certificate, selfSigned, type SmtpScript, type SmtpStandIn, startRudeSmtp, startSmtp } from '../../support/smtp.js';

const ROOT = join(import.meta.dirname, '../../..');
const PASSWORD = 'hunter2';
let built: string;
let folder: string;
let certificate: Certificate;
const relays: Server[] = [];
const servers: Pick<SmtpStandIn, 'stop'>[] = [];

beforeAll(async () => {
  built = await mkdtemp(join(tmpdir(), 'ctl-built-'));
  await promisify(execFile)(process.execPath, [join(ROOT, 'deploy/build.mjs'), '--out', built, 'ctl']);
  await writeFile(join(built, 'package.json'), '{"type":"module"}');
  await symlink(join(ROOT, 'node_modules'), join(built, 'node_modules'));
  certificate = await selfSigned(built);
});
afterAll(() => rm(built, { recursive: true, force: true }));
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ctl-mails-'));
});
afterEach(async () => {
  for (const one of relays.splice(0)) one.close();
  for (const one of servers.splice(0)) await one.stop();
  await rm(folder, { recursive: true, force: true });
});

async function ctl(...args: string[]): Promise<Finished> {
  const processes = createProcesses(folder);
  const program = [process.execPath, join(built, 'ctl.js'), ...args, '-c', join(folder, 'cluster.ini')] as const;
  return processes.run(['/usr/bin/env', '-i', 'PATH=/usr/bin:/bin', `TMPDIR=${folder}`, ...program], { timeoutMs: 60_000, cwd: '/' });
}

/** One service on this host, and mail by STARTTLS with a login. `toaddrs`: '' for none. */
async function writeIni(relayPort: number, mailPort: number, toaddrs = 'ops@example.org'): Promise<void> {
  await writeFile(join(folder, 'password'), `${PASSWORD}\n`, { mode: 0o600 });
  await writeFile(
    join(folder, 'cluster.ini'),
    `[DEFAULT]
mailhost = 127.0.0.1:${mailPort}
mail_tls = starttls
mail_ca_file = ${certificate.file}
mail_login = ctl
mail_password_file = password
fromaddr = ctl@example.org
toaddrs = ${toaddrs}
subject = Plone
[cluster]
frontend = relay
[relay]
type = TCPServer
machine = ${hostname()}
ip = 127.0.0.1
port = ${relayPort}
`,
  );
}

async function serve(script: SmtpScript = {}): Promise<SmtpStandIn> {
  const server = await startSmtp({ certificate, login: `ctl:${PASSWORD}`, ...script });
  servers.push(server);
  return server;
}

async function relay(port = 0): Promise<number> {
  const server = createServer((socket) => socket.end());
  relays.push(server);
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

const closeRelays = () => Promise.all(relays.splice(0).map((one) => new Promise((resolve) => one.close(resolve))));

describe('ctl without a controller', () => {
  it('mails once what its checks find, and once that it is over', async () => {
    const smtp = await serve();
    const port = await relay();
    await writeIni(port, smtp.port);
    await closeRelays();
    expect((await ctl('check', '--no-mail')).code).toBe(1);
    expect(smtp.mails).toEqual([]);
    for (let round = 0; round < 2; round += 1) expect((await ctl('-a', 'check')).code).toBe(1);
    expect(smtp.mails).toMatchObject([{ user: 'ctl', secure: true, to: ['ops@example.org'] }]);
    expect(smtp.mails[0]?.headers.get('subject')).toBe('Plone: relay critical: no TCP connection');
    expect(smtp.mails[0]?.text).toContain(`\n  ctl check relay -c ${join(folder, 'cluster.ini')}\n`);
    await relay(port);
    expect((await ctl('check')).code).toBe(0);
    expect(smtp.mails).toHaveLength(2);
    expect(smtp.mails[1]?.headers.get('subject')).toMatch(/^Plone: relay well again: no TCP connection, for /);
    expect(smtp.mails[1]?.headers.get('in-reply-to')).toBe(smtp.mails[0]?.headers.get('message-id'));
    expect(await readFile(join(folder, 'ctl.log'), 'utf8')).not.toContain(PASSWORD);
  });

  it('keeps a mail while the server is away; the next action sends it', async () => {
    const away = await startSmtp();
    await away.stop();
    const port = await relay();
    await closeRelays();
    await writeIni(port, away.port);
    expect((await ctl('check')).code).toBe(1);
    expect(await ctl('mail', 'status')).toMatchObject({ code: 5, stdout: expect.stringContaining('1 mail waiting') as string });
    const smtp = await serve({ port: away.port });
    expect((await ctl('check')).code).toBe(1);
    expect(smtp.mails).toHaveLength(1);
    expect(await ctl('mail', 'status')).toMatchObject({ code: 0, stdout: expect.stringContaining('no mail waits') as string });
  });

  it('keeps aside what the server refuses for good, and shows it', async () => {
    const smtp = await serve({ refuse: () => '554 spam' });
    const port = await relay();
    await closeRelays();
    await writeIni(port, smtp.port);
    expect((await ctl('check')).code).toBe(1);
    const { code, stdout } = await ctl('mail', 'status', '--json');
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({ waiting: [], given_up: [{ last_error: expect.stringContaining('554 spam') as string }] });
  });
});

describe('ctl mail test', () => {
  it('is exit 0 when the server takes the mail, and shows what it said', async () => {
    const smtp = await serve();
    await writeIni(1, smtp.port);
    const { code, stdout } = await ctl('mail', 'test');
    expect(stdout).toMatch(/^< 220 [^]*\n< 235 [^]*\naccepted by 127\.0\.0\.1:\d+ in [\d.]+ m?s: ops@example\.org\n$/);
    expect(code).toBe(0);
    expect(smtp.mails[0]?.headers.get('subject')).toBe('Plone: test mail');
  });

  it('is exit 1 when it refuses the login, and tells no password', async () => {
    const smtp = await serve({ login: 'ctl:another' });
    await writeIni(1, smtp.port);
    const { code, stdout, stderr } = await ctl('mail', 'test');
    expect(stdout).toContain('535');
    expect(code).toBe(1);
    expect(`${stdout}${stderr}`).not.toContain(PASSWORD);
  });

  it('is exit 2 without mail in cluster.ini', async () => {
    await writeIni(1, 25, '');
    expect(await ctl('mail', 'test')).toMatchObject({ code: 2, stderr: expect.stringContaining('no mail is configured') as string });
  });

  it('is exit 5 when nobody answers', async () => {
    const { port, stop } = await startRudeSmtp(() => 'close');
    await stop();
    await writeIni(1, port);
    expect(await ctl('mail', 'test')).toMatchObject({ code: 5, stdout: expect.stringContaining('ECONNREFUSED') as string });
  });
});
