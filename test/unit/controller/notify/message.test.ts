import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Notice } from '../../../../controller/notify/decide.js';
import { composeMessage, type MessageContext } from '../../../../controller/notify/message.js';
import { anIncident, HOUR, mailingCluster, MINUTE, NOW } from './fixtures.js';

/** The mails tell the time by the clock of the host. */
const zone = process.env.TZ;
beforeAll(() => {
  process.env.TZ = 'Europe/Berlin';
});
afterAll(() => {
  if (zone === undefined) delete process.env.TZ;
  else process.env.TZ = zone;
});

const aNotice = (over: Partial<Notice> = {}): Notice => ({
  ...{ type: 'opened', incident: anIncident(), reason: '2 bad rounds', thread: null },
  ...over,
});
const context = (over: Partial<MessageContext> = {}): MessageContext => ({
  ...{ config: mailingCluster(), host: 'ctl.example.org', now: NOW + MINUTE, digest: false, nextAt: null },
  ...over,
});
const compose = (notices: readonly Notice[], over: Partial<MessageContext> = {}) => composeMessage(notices, context(over));

describe('a mail', () => {
  it('says what happened, since when, what ctl did and what to type next', () => {
    const incident = anIncident({ count: 2, logEntry: '2024-09-25T16:46:59 ERROR [x] boom\n  File "a.py", line 1\nMemoryError\n' });
    expect(compose([aNotice({ incident })])).toEqual({
      subject: 'Plone: zeoclient1.1 critical: no TCP connection',
      text: `zeoclient1.1 critical: no TCP connection

zeoclient1.1 on web1: no TCP connection to 10.0.0.1:8081

Event: 1, no TCP connection
Service: zeoclient1.1
Host: web1
Expected: an accepted connection
Got: connect ECONNREFUSED 10.0.0.1:8081
Limit: 2 bad rounds, or one check by hand ([monitor] failures)
Elapsed: 60 s
Since: 2024-09-25 16:47:17 +0200
Seen: 2 times
Told because: 2 bad rounds

Last log entry:
| 2024-09-25T16:46:59 ERROR [x] boom
|   File "a.py", line 1
| MemoryError

What ctl did: nothing, it only watches ([monitor] action = check)

What to do next, on ctl.example.org:
Measure it now:
  ctl check zeoclient1.1 -c /srv/cluster.ini
Read the end of its log:
  ctl log zeoclient1.1 --tail 20 -c /srv/cluster.ini
Restart what is critical, safely:
  ctl repair zeoclient1.1 -c /srv/cluster.ini
`,
    });
  });

  it('about the end says how long it was, and asks for nothing', () => {
    const incident = anIncident({ ended: NOW + 12 * MINUTE, action: 'restarted it through the balancer' });
    const { subject, text } = compose([aNotice({ type: 'ended', incident, reason: '1 good round' })], { now: NOW + HOUR });
    expect(subject).toBe('Plone: zeoclient1.1 well again: no TCP connection, for 12 min');
    expect(text).toContain('\nElapsed: 12 min\nSince: 2024-09-25 16:47:17 +0200\nUntil: 2024-09-25 16:59:17 +0200\n');
    expect(text).toContain('\nWhat ctl did: restarted it through the balancer\n');
    expect(text).not.toContain('What to do next');
  });

  it.each([
    ['reminds', aNotice({ type: 'reminder' }), 'zeoclient1.1 still critical: no TCP connection, for 2 h 0 min'],
    [
      'tells of what has passed',
      aNotice({ type: 'passed', incident: anIncident({ ended: NOW + 5000 }) }),
      'zeoclient1.1 was critical: no TCP connection, for 5 s',
    ],
    ['tells of what is no event', aNotice({ incident: anIncident({ event: null, kind: 'process' }) }), 'zeoclient1.1: process died'],
    [
      'tells of a host',
      aNotice({ incident: anIncident({ event: null, service: null, kind: 'unmeasured' }) }),
      'host web1: agent does not answer',
    ],
    [
      'tells that what is no event is over',
      aNotice({ type: 'ended', incident: anIncident({ event: null, service: null, kind: 'unmeasured', ended: NOW + MINUTE }) }),
      'host web1, over: agent does not answer, for 60 s',
    ],
    [
      'tells of the cluster',
      aNotice({ type: 'passed', incident: anIncident({ event: null, service: null, host: null, kind: 'roll', ended: NOW }) }),
      'the cluster: roll did not take place',
    ],
  ])('%s in its subject', (_, notice, subject) => {
    expect(compose([notice], { now: NOW + 2 * HOUR }).subject).toBe(`Plone: ${subject}`);
  });

  it.each([
    [3, 'memory', 'Limit: 1500000 kB (max_process_size)', 'ctl mem zeoclient1.1 -c /srv/cluster.ini'],
    [4, 'log', 'Limit: none may match critical_errors', 'ctl log zeoclient1.1 --tail 20 -c /srv/cluster.ini'],
    [5, 'timeout', 'Limit: 10 s (timeout)', 'ctl check zeoclient1.1 -c /srv/cluster.ini'],
  ] as const)('about event %i has its limit, and begins with what looks', (event, kind, limit, first) => {
    const { text } = compose([aNotice({ incident: anIncident({ event, kind }) })]);
    expect(text).toContain(`\n${limit}\n`);
    expect(/^ {2}ctl .*$/m.exec(text)?.[0].trim()).toBe(first);
  });

  it('about a process that died does not speak of several rounds', () => {
    const { text } = compose([aNotice({ incident: anIncident({ kind: 'process' }) })]);
    expect(text).toContain('\nLimit: once, for a process that ends\n');
  });

  it('about a host whose agent is away begins with that agent', () => {
    const { text } = compose([aNotice({ incident: anIncident({ event: null, service: null, kind: 'unmeasured' }) })]);
    expect(text).toContain('\nOn web1 itself, whether its agent runs:\n  systemctl status ctl-agent\n');
  });

  it('about a repair that was given up tells how to restart the client, and how to let it in as it is', () => {
    const { text } = compose([aNotice({ incident: anIncident({ event: null, kind: 'repair' }) })]);
    expect(text).toContain('\n  ctl start zeoclient1.1 -c /srv/cluster.ini\n');
    expect(text).toContain('\n  ctl balancer in zeoclient1.1 -c /srv/cluster.ini\n');
  });

  it('has no prefix in its subject if there is none', () => {
    const config = mailingCluster();
    const plain = { ...config, mail: config.mail === null ? null : { ...config.mail, subject: '' } };
    expect(compose([aNotice()], { config: plain }).subject).toBe('zeoclient1.1 critical: no TCP connection');
  });

  it('quotes what a shell would take apart', () => {
    const { text } = compose([aNotice({ incident: anIncident({ service: "it's one" }) })], {
      config: mailingCluster({ path: '/srv/my cluster.ini' }),
    });
    expect(text).toContain(`\n  ctl check 'it'\\''s one' -c '/srv/my cluster.ini'\n`);
  });

  it('lets foreign text neither break its lines nor grow', () => {
    const got = `a\r\nBcc: evil@example.org\u001b[2J${'x'.repeat(10_000)}`;
    const logEntry = Array.from({ length: 5000 }, (_, nth) => `line ${nth} ${'y'.repeat(1000)}`).join('\n');
    const { subject, text } = compose([aNotice({ incident: anIncident({ service: 'a\nBcc: x', got, logEntry }) })]);
    expect(subject).toBe('Plone: a Bcc: x critical: no TCP connection');
    expect(text).toContain('\nGot: a Bcc: evil@example.org\ufffd[2Jxxx');
    expect(text.match(/^\|.*$/gm)).toHaveLength(21);
    expect(text.length).toBeLessThan(8000);
  });
});

describe('a mail about several', () => {
  const many = (count: number) =>
    Array.from({ length: count }, (_, nth) => aNotice({ incident: anIncident({ id: `${nth}`, service: `c${nth}` }) }));

  it('counts them in its subject and tells each', () => {
    const { subject, text } = compose([...many(2), aNotice({ type: 'ended', incident: anIncident({ service: 'zeo', ended: NOW }) })]);
    expect(subject).toBe('Plone: 2 new, 1 over (c0, c1, zeo)');
    expect(text).toMatch(/^2 new, 1 over \(c0, c1, zeo\)\.\n\nc0 critical: no TCP connection\n/);
    expect(text).toContain('\n\nzeo well again: no TCP connection, for 0 s\n');
  });

  it('tells five in full and the others in a line each', () => {
    const { subject, text } = compose(many(8));
    expect(subject).toBe('Plone: 8 new (c0, c1, c2, …)');
    expect(text.match(/^Event: /gm)).toHaveLength(5);
    expect(text).toMatch(/\n\nAnd:\n- c5 critical: no TCP connection\n- c6 .*\n- c7 .*\n$/);
  });

  it('says where all of them are if there are very many', () => {
    expect(compose(many(300)).text).toMatch(/- and 95 more, all of them in:\n {2}ctl events -c \/srv\/cluster.ini\n$/);
  });

  it('is called a digest, with the reason, if it is one', () => {
    const { subject, text } = compose(many(1), { digest: true });
    expect(subject).toBe('Plone: digest: 1 new (c0)');
    expect(text).toMatch(
      /^digest: 1 new \(c0\)\.\nIt waited for this mail: there were 20 in an hour \(\[monitor\] max_mails_per_hour\)\.\n\nc0 critical/,
    );
  });
});

it('the last mail of an hour says when the next one comes', () => {
  expect(compose([aNotice()], { nextAt: NOW + HOUR }).text).toMatch(
    /\n\nThis was mail 20 of 20 in an hour \(\[monitor\] max_mails_per_hour\)\.\nWhat comes now is told together, after 2024-09-25 17:47:17 \+0200\.\n$/,
  );
});
