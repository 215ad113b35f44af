import { describe, expect, it } from 'vitest';
import { DOCUMENTS } from '../../../../../controller/ctl/schema/documents.js';
import type { MailReport, MailTest } from '../../../../../shared/model/mail.js';
import { createFakeControl, type FakeControlScript } from '../../../../support/fake-control.js';
import { FAKE_NOW } from '../../../../support/well-cluster.js';
import { jsonLines, type } from '../harness.js';

async function typed(line: string, script: FakeControlScript) {
  const control = createFakeControl(script);
  const seat = type(line, { control });
  return { exit: await seat.exit, out: seat.out(), err: seat.err(), requests: control.requests, calls: control.calls };
}

const mail = {
  id: 'a.opened.1',
  subject: 'Plone: a critical',
  to: ['ops@example.org'],
  at: FAKE_NOW,
  attempts: 2,
  lastError: 'connect ECONNREFUSED',
};
const nothing: MailReport = {
  server: 'mail.example.org:25',
  to: ['ops@example.org'],
  waiting: [],
  givenUp: [],
  blocked: null,
  nextTry: null,
};
const test: MailTest = {
  ...{ server: 'mail.example.org:25', outcome: 'accepted', accepted: ['ops@example.org'], refused: [], ms: 84 },
  answers: ['220 hi', '250-mail\n250 SIZE', '250 queued'],
};

/** Without the times, which are by the clock of who looks. */
const timeless = (out: string) => out.replace(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/g, 'TIME');

describe('ctl mail status', () => {
  it('is well while nothing waits', async () => {
    expect(await typed('mail status', { mails: nothing })).toMatchObject({
      exit: 0,
      out: 'mail.example.org:25  to ops@example.org\nno mail waits\n',
    });
  });

  it('tells what waits, why, and until when', async () => {
    const { exit, out } = await typed('mail status', {
      mails: { ...nothing, waiting: [mail], blocked: 'connect ECONNREFUSED', nextTry: FAKE_NOW },
    });
    expect(exit).toBe(5);
    expect(timeless(out)).toBe(
      'mail.example.org:25  to ops@example.org\n1 mail waiting, next try TIME\n  connect ECONNREFUSED\n' +
        '  TIME  Plone: a critical\n    to ops@example.org, tried 2 times\n    connect ECONNREFUSED\n',
    );
  });

  it('tells what was refused for good', async () => {
    const { exit, out } = await typed('mail status', { mails: { ...nothing, givenUp: [{ ...mail, attempts: 1, lastError: '550 no' }] } });
    expect(exit).toBe(1);
    expect(timeless(out)).toBe(
      'mail.example.org:25  to ops@example.org\nno mail waits\n1 mail refused for good, kept in the state_dir, mail/given-up\n' +
        '  TIME  Plone: a critical\n    to ops@example.org, tried once\n    550 no\n',
    );
  });

  it('says that no mail is configured', async () => {
    const { exit, out } = await typed('mail status', { mails: { ...nothing, server: null, to: [] } });
    expect({ exit, out }).toEqual({ exit: 0, out: 'no mail is configured: set toaddrs, mailhost and fromaddr\nno mail waits\n' });
  });

  it('has a document', async () => {
    const { out } = await typed('mail status --json', {
      mails: { ...nothing, waiting: [mail], givenUp: [{ ...mail, lastError: null }], nextTry: FAKE_NOW },
    });
    const [document] = jsonLines(out);
    expect(DOCUMENTS['mail-status'].schema.parse(document)).toMatchObject({
      action: 'mail status',
      exit: 1,
      waiting: [{ at: '2024-09-25T14:47:17.000Z', last_error: 'connect ECONNREFUSED' }],
      given_up: [{ last_error: null }],
      blocked: null,
      next_try: '2024-09-25T14:47:17.000Z',
    });
  });
});

describe('ctl mail test', () => {
  it.each([
    ['accepted', {}, 0, 'accepted by mail.example.org:25 in 84 ms: ops@example.org\n'],
    [
      'refused',
      { accepted: [], refused: [{ to: 'ops@example.org', why: '550 no' }] },
      1,
      'refused by mail.example.org:25 in 84 ms\n  ops@example.org: 550 no\n',
    ],
    [
      'refused',
      { accepted: ['a@example.org'], refused: [{ to: 'ops@example.org', why: '550 no' }] },
      1,
      'refused by mail.example.org:25 in 84 ms for some, accepted for: a@example.org\n  ops@example.org: 550 no\n',
    ],
    [
      'unreachable',
      { accepted: [], refused: [{ to: 'ops@example.org', why: 'ECONNREFUSED' }] },
      5,
      'not delivered by mail.example.org:25 in 84 ms\n  ops@example.org: ECONNREFUSED\n',
    ],
  ] as const)('that is %s shows what the server said, and ends so', async (outcome, over, exit, last) => {
    const result = await typed('mail test', { mailTest: { ...test, outcome, ...over } });
    expect(result).toMatchObject({ exit, out: `< 220 hi\n< 250-mail\n< 250 SIZE\n< 250 queued\n${last}` });
  });

  it('is exit 2 without mail in cluster.ini', async () => {
    expect(await typed('mail test', {})).toMatchObject({
      exit: 2,
      err: 'ctl: no mail is configured\n  → set toaddrs\n',
    });
  });

  it('has a document', async () => {
    const { out } = await typed('mail test --json', { mailTest: test });
    const [document] = jsonLines(out);
    expect(DOCUMENTS['mail-test'].schema.parse(document)).toEqual({ schema: 1, action: 'mail test', exit: 0, ...test });
  });
});

describe('--no-mail', () => {
  it.each(['start --yes', 'restart', 'stop --yes'])('is told to the controller by `%s`', async (line) => {
    expect((await typed(`${line} zeoclient1.1 --no-mail`, {})).requests.at(-1)).toMatchObject({ noMail: true });
    expect((await typed(`${line} zeoclient1.1`, {})).requests.at(-1)).not.toHaveProperty('noMail');
  });

  it('is refused where nothing is mailed', async () => {
    expect((await typed('status --no-mail', {})).exit).toBe(2);
  });
});
