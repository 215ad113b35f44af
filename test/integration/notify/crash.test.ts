import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { readMailQueue } from '../../../controller/notify/queue.js';
import { systemClock } from '../../../shared/ports/clock.js';
import { buildMailProgram, type MailProcess, type MailProgram } from '../../support/mail-program.js';
import { type SmtpStandIn, startSmtp } from '../../support/smtp.js';
import { opened } from '../../unit/controller/notify/fixtures.js';

const NEVER = new AbortController().signal;
let program: MailProgram;
let stateDir: string;
const running: MailProcess[] = [];
const servers: SmtpStandIn[] = [];
beforeAll(async () => {
  program = await buildMailProgram();
});
afterAll(() => program[Symbol.asyncDispose]());
beforeEach(async () => {
  stateDir = await mkdtemp(join(tmpdir(), 'ctl-mail-crash-'));
});
afterEach(async () => {
  for (const one of running.splice(0)) await one.kill();
  for (const one of servers.splice(0)) await one.stop();
  await rm(stateDir, { recursive: true, force: true });
});

function start(port: number): MailProcess {
  const started = program.start({ stateDir, port });
  running.push(started);
  return started;
}

async function serve(port = 0): Promise<SmtpStandIn> {
  const server = await startSmtp({ port });
  servers.push(server);
  return server;
}

const until = async (seen: () => boolean | Promise<boolean>) => {
  while (!(await seen())) await systemClock.sleep(20, NEVER);
};

/** How many mails tell each of these, in full or in the list of a mail about many; a mail that came twice, with one Message-ID, is one. */
function tellers(mails: SmtpStandIn['mails'], names: readonly string[]): Map<string, number> {
  const texts = [...new Map(mails.map(({ headers, text }) => [headers.get('message-id'), text])).values()];
  return new Map(
    names.map((name) => [name, texts.filter((text) => text.includes(`\nService: ${name}\n`) || text.includes(`\n- ${name} `)).length]),
  );
}

it('mails that wait when the process is killed arrive when the next one runs and the server is back', async () => {
  const away = await startSmtp();
  await away.stop();
  const names = ['one', 'two', 'three'];
  const first = start(away.port);
  for (const name of names) {
    expect(await first.tell(opened({ id: name, service: name }))).toBe(true);
    await until(async () => (await readMailQueue(join(stateDir, 'mail'))).waiting.length === names.indexOf(name) + 1);
  }
  await first.kill();
  start(away.port);
  const back = await serve(away.port);
  await until(() => back.mails.length >= 3);
  await until(async () => (await readMailQueue(join(stateDir, 'mail'))).waiting.length === 0);
  expect(tellers(back.mails, names)).toEqual(new Map(names.map((name) => [name, 1])));
  expect(back.mails).toHaveLength(3);
});

it('whenever it is killed, what it was sure of is mailed, and by one mail', async () => {
  const server = await serve();
  const sure: string[] = [];
  for (let nth = 0; nth < 8; nth += 1) {
    const running = start(server.port);
    for (const name of [`a${nth}`, `b${nth}`]) if (await running.tell(opened({ id: name, service: name }))) sure.push(name);
    // Over the whole way of a mail: noted, shared, written, queued, offered, settled.
    await systemClock.sleep(nth * 100, NEVER);
    await running.kill();
  }
  start(server.port);
  await until(() => [...tellers(server.mails, sure).values()].every((count) => count > 0));
  await until(async () => (await readMailQueue(join(stateDir, 'mail'))).waiting.length === 0);
  expect(sure).toHaveLength(16);
  expect(tellers(server.mails, sure)).toEqual(new Map(sure.map((name) => [name, 1])));
});
