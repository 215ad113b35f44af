import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { MailConfig } from '../../../controller/config/cluster.js';
import { createSmtp, type OutgoingMail } from '../../../controller/notify/smtp.js';
import { AppError } from '../../../shared/errors.js';
import { Secret } from '../../../shared/model/secret.js';
import { type Certificate, type Reply, selfSigned, type SmtpScript, startRudeSmtp, startSmtp } from '../../support/smtp.js';

const PASSWORD = 'hunter2 & more';
const OPS = 'ops@example.org';
const BOSS = 'boss@example.org';
const mail: OutgoingMail = {
  ...{ messageId: '<ctl.2@example.org>', inReplyTo: '<ctl.1@example.org>', references: ['<ctl.0@example.org>', '<ctl.1@example.org>'] },
  ...{
    from: 'ctl <ctl@example.org>',
    to: [OPS, BOSS],
    subject: 'Plone: zeoclient1.1 critical: größer',
    at: Date.UTC(2024, 8, 25, 14, 47, 17),
  },
  text: `größer\n.\n${'x'.repeat(200)}\n`,
};

let folder: string;
let certificate: Certificate;
const stops: (() => Promise<void>)[] = [];
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ctl-smtp-'));
  certificate = await selfSigned(folder);
});
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function server(script: SmtpScript = {}) {
  const running = await startSmtp(script);
  stops.push(running.stop);
  return running;
}

async function rude(reply: Reply) {
  const running = await startRudeSmtp(reply);
  stops.push(running.stop);
  return running;
}

const TIMEOUTS = { connectionMs: 5_000, greetingMs: 200, silenceMs: 400, totalMs: 5_000 };

/** Offers the mail to what listens there. */
const offer = (port: number, over: Partial<MailConfig> = {}, signal = new AbortController().signal) =>
  createSmtp(
    {
      ...{ host: '127.0.0.1', port, tls: 'none', caFile: certificate.file, login: null },
      from: mail.from,
      to: mail.to,
      subject: '',
      ...over,
    },
    TIMEOUTS,
  )(mail, signal);

const login = { user: 'ctl', password: new Secret(PASSWORD) };

describe('a mail', () => {
  it('arrives over STARTTLS with a login, with everything that belongs to it', async () => {
    const smtp = await server({ certificate, login: `ctl:${PASSWORD}` });
    const delivery = await offer(smtp.port, { tls: 'starttls', login });
    expect(delivery).toMatchObject({ accepted: [OPS, BOSS], later: [], never: [], blocked: null, settled: true });
    expect(delivery.answers[0]).toMatch(/^220 /);
    expect(delivery.answers.at(-1)).toMatch(/^250 /);
    expect(smtp.mails).toHaveLength(1);
    const [got] = smtp.mails;
    expect(got).toMatchObject({ from: 'ctl@example.org', to: [OPS, BOSS], user: 'ctl', secure: true, text: mail.text });
    expect(Object.fromEntries(got?.headers ?? [])).toMatchObject({
      'message-id': '<ctl.2@example.org>',
      'in-reply-to': '<ctl.1@example.org>',
      references: '<ctl.0@example.org> <ctl.1@example.org>',
      'auto-submitted': 'auto-generated',
      'x-auto-response-suppress': 'All',
      from: 'ctl <ctl@example.org>',
      to: `${OPS}, ${BOSS}`,
      subject: expect.stringMatching(/^=\?UTF-8\?/) as string,
      date: 'Wed, 25 Sep 2024 14:47:17 +0000',
    });
    expect(got?.headers.has('x-mailer')).toBe(false);
  });

  it('arrives over TLS from the first byte', async () => {
    const smtp = await server({ certificate, secure: true });
    expect(await offer(smtp.port, { tls: 'tls' })).toMatchObject({ accepted: [OPS, BOSS] });
    expect(smtp.mails).toMatchObject([{ secure: true }]);
  });

  it('arrives without either where neither is wanted', async () => {
    const smtp = await server({ certificate });
    expect(await offer(smtp.port)).toMatchObject({ accepted: [OPS, BOSS] });
    expect(smtp.mails).toMatchObject([{ secure: false, user: null }]);
  });
});

describe('a connection that is to be secured', () => {
  it('is never used in the clear where the server has no STARTTLS', async () => {
    const smtp = await rude((heard, nth) => (nth === 0 ? '220 hi' : heard.startsWith('EHLO') ? '250-hi\r\n250 AUTH PLAIN' : '502 what?'));
    expect(await offer(smtp.port, { tls: 'starttls', login })).toMatchObject({
      accepted: [],
      never: [],
      settled: true,
      blocked: expect.stringContaining('STARTTLS') as string,
    });
    expect(smtp.heard.filter((line) => !/^(EHLO|STARTTLS)/.test(line))).toEqual([]);
  });

  it.each(['starttls', 'tls'] as const)('is not used (%s) with a server for whom nobody vouches', async (tls) => {
    const smtp = await server({ certificate, login: `ctl:${PASSWORD}`, secure: tls === 'tls' });
    const delivery = await offer(smtp.port, { tls, login, caFile: null });
    expect(delivery).toMatchObject({ accepted: [], never: [], settled: false });
    expect(delivery.blocked).toMatch(/self.signed certificate/);
    expect(smtp.logins).toEqual([]);
  });

  it('is not tried with authorities that cannot be read', async () => {
    const file = join(folder, 'none.pem');
    expect(await offer(1, { tls: 'tls', caFile: file })).toMatchObject({
      later: [{ to: OPS }, { to: BOSS }],
      blocked: expect.stringContaining(`the certificates in ${file} can't be read`) as string,
    });
  });

  it('is not tried with authorities that are none', async () => {
    const file = join(folder, 'garbage.pem');
    await writeFile(file, 'garbage');
    const smtp = await server({ certificate, secure: true });
    expect(await offer(smtp.port, { tls: 'tls', caFile: file })).toMatchObject({ accepted: [], later: [{ to: OPS }, { to: BOSS }] });
  });
});

describe('a login', () => {
  it('that is wrong (535) blocks every mail, loses none, and is told without the password', async () => {
    const smtp = await server({ certificate, login: 'ctl:another' });
    const delivery = await offer(smtp.port, { tls: 'starttls', login });
    expect(delivery).toMatchObject({
      later: [{ to: OPS }, { to: BOSS }],
      never: [],
      settled: true,
      blocked: 'Invalid login: 535 5.7.8 bad credentials',
    });
    expect(smtp.logins).toEqual([`ctl:${PASSWORD}`]);
    expect(JSON.stringify(delivery)).not.toContain('hunter2');
  });

  it.each([
    ['538 encryption required', 'AUTH'],
    ['530 5.7.0 authentication required', 'MAIL'],
  ])('that the server wants otherwise (%s) blocks every mail', async (answer, at) => {
    const smtp = await rude((heard, nth) =>
      nth === 0 ? '220 hi' : heard.startsWith('EHLO') ? '250-hi\r\n250 AUTH PLAIN' : heard.startsWith(at) ? answer : '235 ok',
    );
    const delivery = await offer(smtp.port, { login });
    expect(delivery).toMatchObject({ later: [{ to: OPS }, { to: BOSS }], never: [], settled: true });
    expect(delivery.blocked).toContain(answer);
  });

  it('that is configured is insisted on', async () => {
    const smtp = await server();
    const delivery = await offer(smtp.port, { login });
    expect(delivery).toMatchObject({ accepted: [], never: [], blocked: expect.stringContaining('Invalid login') as string });
    expect(smtp.mails).toEqual([]);
  });

  it('whose password the server repeats is told without it, also encoded', async () => {
    const plain = Buffer.from(`\u0000ctl\u0000${PASSWORD}`).toString('base64');
    const smtp = await rude((heard, nth) =>
      nth === 0
        ? '220 hi'
        : heard.startsWith('EHLO')
          ? '250-hi\r\n250 AUTH PLAIN'
          : `535 no ${heard} ${PASSWORD} ${Buffer.from(PASSWORD).toString('base64')}`,
    );
    const told = JSON.stringify(await offer(smtp.port, { login }));
    expect(smtp.heard).toContain(`AUTH PLAIN ${plain}`);
    expect(told).toContain('535 no AUTH PLAIN [redacted] [redacted] [redacted]');
    expect(told).not.toContain('hunter2');
    expect(told).not.toContain(plain);
  });
});

describe('a server that cannot be talked to blocks every mail and loses none:', () => {
  const lost = { accepted: [], later: [{ to: OPS }, { to: BOSS }], never: [], settled: false };

  it('it refuses the connection', async () => {
    const { port, stop } = await startRudeSmtp(() => '220 hi');
    await stop();
    expect(await offer(port)).toMatchObject({ ...lost, blocked: expect.stringContaining('ECONNREFUSED') as string });
  });

  it('it does not greet', async () => {
    expect(await offer((await rude(() => 'hang')).port)).toMatchObject({
      ...lost,
      blocked: expect.stringMatching(/^127\.0\.0\.1:\d+: no answer in time \(Greeting never received\)$/) as string,
    });
  });

  it('it hangs up at once', async () => {
    expect(await offer((await rude(() => 'close')).port)).toMatchObject({
      ...lost,
      blocked: expect.stringMatching(/^127\.0\.0\.1:\d+: Connection closed unexpectedly$/) as string,
    });
  });

  it('it speaks another protocol', async () => {
    expect(await offer((await rude(() => 'HTTP/1.1 400 Bad Request')).port)).toMatchObject({
      accepted: [],
      never: [],
      blocked: expect.stringContaining('400 Bad Request') as string,
    });
  });

  it('it is too busy (421)', async () => {
    expect(await offer((await rude(() => '421 too busy')).port)).toMatchObject({
      ...lost,
      settled: true,
      blocked: expect.stringContaining('421 too busy') as string,
    });
  });

  it('it says something all the time and comes to nothing', async () => {
    const smtp = await rude((_, nth) => (nth === 0 ? '220 hi' : 'hang'));
    const send = createSmtp(
      { ...{ host: '127.0.0.1', port: smtp.port, tls: 'none', caFile: null, login: null }, from: mail.from, to: mail.to, subject: '' },
      { ...TIMEOUTS, silenceMs: 60_000, totalMs: 200 },
    );
    expect(await send(mail, new AbortController().signal)).toMatchObject({
      ...lost,
      blocked: `talking to 127.0.0.1:${smtp.port} took longer than 200 ms`,
    });
  });
});

/** A server that is polite until it hears this. */
const politeUntil = (at: RegExp, then: string): Reply => {
  return (heard, nth) =>
    nth === 0
      ? '220 hi'
      : at.test(heard)
        ? then
        : heard === 'DATA'
          ? '354 go on'
          : heard.startsWith('EHLO') || /^(MAIL|RCPT)/.test(heard) || heard === '.'
            ? '250 ok'
            : 'hang';
};

describe('one mail', () => {
  it.each([
    ['the server hangs', 'hang', 'no answer in time (Timeout)'],
    ['the connection is lost', 'close', 'Connection closed unexpectedly'],
  ])('is tried again, and does not stop the others, if %s when it has got it', async (_, then, why) => {
    const smtp = await rude(politeUntil(/^\.$/, then));
    expect(await offer(smtp.port)).toMatchObject({
      accepted: [],
      later: [OPS, BOSS].map((to) => ({ to, why: `127.0.0.1:${smtp.port}: ${why}` })),
      never: [],
      blocked: null,
      settled: false,
    });
  });

  it.each([
    ['its sender', /^MAIL/],
    ['its recipients', /^RCPT/],
    ['it', /^DATA/],
    ['its text', /^\.$/],
  ])('is tried again if the server does not take %s now, and given up if never', async (_, at) => {
    expect(await offer((await rude(politeUntil(at, '451 not now'))).port)).toMatchObject({
      accepted: [],
      later: [{ to: OPS, why: expect.stringContaining('451 not now') as string }, { to: BOSS }],
      never: [],
      blocked: null,
      settled: true,
    });
    expect(await offer((await rude(politeUntil(at, '554 never'))).port)).toMatchObject({
      accepted: [],
      later: [],
      never: [{ to: OPS, why: expect.stringContaining('554 never') as string }, { to: BOSS }],
      blocked: null,
      settled: true,
    });
  });

  it('is told apart for each recipient', async () => {
    const refusals = new Map<string, [number, string]>([[BOSS, [550, 'no such user']]]);
    const smtp = await server({
      onRcptTo({ address }, _session, done) {
        const [responseCode, why] = refusals.get(address) ?? [];
        done(responseCode === undefined ? null : Object.assign(new Error(why), { responseCode }));
      },
    });
    expect(await offer(smtp.port)).toMatchObject({
      accepted: [OPS],
      later: [],
      never: [{ to: BOSS, why: expect.stringContaining('550 no such user') as string }],
    });
    refusals.set(OPS, [450, 'mailbox busy']);
    expect(await offer(smtp.port)).toMatchObject({
      accepted: [],
      later: [{ to: OPS, why: expect.stringContaining('450 mailbox busy') as string }],
      never: [{ to: BOSS }],
    });
    expect(smtp.mails).toHaveLength(1);
  });
});

it('whoever waits for it can break it off', async () => {
  const breaking = new AbortController();
  const smtp = await rude((_, nth) => {
    if (nth === 1) breaking.abort(new AppError('cancelled', 'interrupted'));
    return nth === 0 ? '220 hi' : 'hang';
  });
  await expect(offer(smtp.port, {}, breaking.signal)).rejects.toThrow('interrupted');
});
