import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ClusterConfig, MailConfig } from '../../../controller/config/cluster.js';
import { type Notifier, startNotifier } from '../../../controller/notify/notifier.js';
import { createLogger } from '../../../shared/log.js';
import { type Clock, systemClock } from '../../../shared/ports/clock.js';
import { type SmtpScript, type SmtpStandIn, startSmtp } from '../../support/smtp.js';
import { aMailConfig, changed, ended, HOUR, mailingCluster, MINUTE, NOW, opened } from '../../unit/controller/notify/fixtures.js';

const NEVER = new AbortController().signal;
/** Half a minute passes in a second. */
const FACTOR = 30;
const started = performance.now();
const clock: Clock = {
  now: () => NOW + (performance.now() - started) * FACTOR,
  sleep: (ms, signal) => systemClock.sleep(ms / FACTOR, signal),
};

let stateDir: string;
let lines: { readonly level: string; readonly msg: string }[];
const notifiers: Notifier[] = [];
const servers: SmtpStandIn[] = [];
beforeEach(async () => {
  stateDir = await mkdtemp(join(tmpdir(), 'ctl-notifier-'));
  lines = [];
});
afterEach(async () => {
  for (const one of notifiers.splice(0)) await one.stop();
  for (const one of servers.splice(0)) await one.stop();
  await rm(stateDir, { recursive: true, force: true });
});

async function serve(script: SmtpScript = {}): Promise<SmtpStandIn> {
  const server = await startSmtp(script);
  servers.push(server);
  return server;
}

const configWith = (mail: Partial<MailConfig> | null, monitor: Partial<ClusterConfig['monitor']> = {}): ClusterConfig => {
  const base = mailingCluster({ controller: { address: null, stateDir, heartbeatMs: 5000 } });
  return { ...base, mail: mail === null ? null : aMailConfig(mail), monitor: { ...base.monitor, ...monitor } };
};

async function start(config: () => ClusterConfig, single = false): Promise<Notifier> {
  const log = createLogger({ name: 'test', write: (line) => lines.push(JSON.parse(line) as (typeof lines)[number]) });
  const notifier = await startNotifier({ config, clock, log }, { host: 'ctl.example.org', single });
  notifiers.push(notifier);
  return notifier;
}

const until = async (seen: () => boolean) => {
  while (!seen()) await systemClock.sleep(10, NEVER);
};
const subjects = ({ mails }: SmtpStandIn) => mails.map(({ headers }) => headers.get('subject'));
const said = (level: string) => lines.filter((line) => line.level === level).map(({ msg }) => msg);

describe('a change', () => {
  it('is mailed, and what follows of it answers that mail', async () => {
    const server = await serve();
    const notifier = await start(() => configWith({ port: server.port }, { reminderMs: MINUTE }));
    await notifier.tell([opened()]);
    await until(() => server.mails.length === 2);
    await notifier.tell([ended({ ended: NOW + 5 * MINUTE })]);
    await until(() => server.mails.length >= 3 && subjects(server).some((one) => one?.includes('well again') === true));
    const [first, second] = server.mails;
    const id = first?.headers.get('message-id');
    expect(id).toMatch(/^<ctl\.20240925-144717-1\.opened\.\d+@example\.org>$/);
    expect(first?.headers.has('in-reply-to')).toBe(false);
    expect(second?.headers.get('subject')).toMatch(/^Plone: zeoclient1\.1 still critical: no TCP connection, for /);
    for (const later of server.mails.slice(1)) {
      expect(later.headers.get('in-reply-to')).toBe(id);
      expect(later.headers.get('references')).toBe(id);
      expect(later.headers.get('message-id')).not.toBe(id);
    }
    expect(server.mails.at(-1)?.headers.get('subject')).toBe('Plone: zeoclient1.1 well again: no TCP connection, for 5 min');
  });

  it('is not lost while the server is down: each mail arrives once, in its order', async () => {
    const away = await startSmtp();
    await away.stop();
    const notifier = await start(() => configWith({ port: away.port }));
    for (const [nth, id] of ['a', 'b', 'c'].entries()) {
      await notifier.tell([opened({ id, service: id })]);
      await until(() => notifier.report().waiting.length === nth + 1);
    }
    await until(() => notifier.report().blocked !== null);
    expect(notifier.report()).toMatchObject({
      server: `127.0.0.1:${away.port}`,
      to: ['ops@example.org'],
      blocked: expect.stringContaining('ECONNREFUSED') as string,
    });
    const back = await serve({ port: away.port });
    await until(() => notifier.report().waiting.length === 0);
    expect(subjects(back)).toEqual(['a', 'b', 'c'].map((id) => `Plone: ${id} critical: no TCP connection`));
    expect(notifier.report()).toMatchObject({ blocked: null, nextTry: null, givenUp: [] });
    expect(said('error')).toHaveLength(1);
  });

  it('that the server does not take at first (4xx) arrives once', async () => {
    const server = await serve({ refuse: (nth) => (nth < 2 ? '451 greylisted' : null) });
    const notifier = await start(() => configWith({ port: server.port }));
    await notifier.tell([opened()]);
    await until(() => server.mails.length > 0 && notifier.report().waiting.length === 0);
    expect(server.mails).toHaveLength(1);
  });

  it('that the server refuses for good (5xx) is kept where it can be seen', async () => {
    const server = await serve({ refuse: () => '554 spam' });
    const notifier = await start(() => configWith({ port: server.port }));
    await notifier.tell([opened()]);
    await until(() => notifier.report().givenUp.length > 0 && notifier.report().waiting.length === 0);
    expect(notifier.report()).toMatchObject({
      waiting: [],
      givenUp: [
        {
          subject: 'Plone: zeoclient1.1 critical: no TCP connection',
          attempts: 1,
          lastError: expect.stringContaining('554 spam') as string,
        },
      ],
    });
    expect(said('error')).toEqual(['mail refused for good: `ctl mail status` shows it']);
  });

  it('is told by a digest if it is over the limit of an hour', async () => {
    const server = await serve();
    const config = () => configWith({ port: server.port }, { maxMailsPerHour: 1, reminderMs: 0 });
    const notifier = await start(config);
    await notifier.tell([opened({ id: 'a', service: 'a' })]);
    await until(() => server.mails.length === 1);
    await notifier.tell([opened({ id: 'b', service: 'b' })]);
    await notifier.tell([opened({ id: 'c', service: 'c' })]);
    expect(server.mails[0]?.text).toContain('This was mail 1 of 1 in an hour');
    await notifier.stop();
    expect(server.mails).toHaveLength(1);
    // An hour later, by another process.
    const later: Clock = { ...clock, now: () => clock.now() + HOUR };
    const log = createLogger({ name: 'test', level: 'silent' });
    notifiers.push(await startNotifier({ config, clock: later, log }, { host: 'here', single: false }));
    await until(() => server.mails.length === 2);
    expect(subjects(server)[1]).toBe('Plone: digest: 2 new (b, c)');
  });
});

describe('without recipients', () => {
  it('nothing is mailed, and the log says so once', async () => {
    const notifier = await start(() => configWith(null));
    await notifier.tell([opened({ id: 'a' })]);
    await notifier.tell([opened({ id: 'b' })]);
    expect(said('warn')).toEqual(['no mail is sent: toaddrs, mailhost or fromaddr is not set in cluster.ini']);
    expect(notifier.report()).toEqual({ server: null, to: [], waiting: [], givenUp: [], blocked: null, nextTry: null });
  });

  it('what lasts is mailed as soon as there are some', async () => {
    const server = await serve();
    let config = configWith(null);
    const notifier = await start(() => config);
    await notifier.tell([opened({ id: 'a', service: 'a' }), opened({ id: 'b', service: 'b' })]);
    config = configWith({ port: server.port });
    await notifier.tell([changed({ id: 'a', service: 'a' }), ended({ id: 'b', service: 'b' })]);
    await until(() => server.mails.length > 0);
    expect(subjects(server)).toEqual(['Plone: a critical: no TCP connection']);
  });
});

it('a call that is not to be mailed hides only what begins with it', async () => {
  const server = await serve();
  const notifier = await start(() => configWith({ port: server.port }));
  await notifier.tell([opened({ id: 'a', service: 'a' })]);
  await until(() => server.mails.length === 1);
  const end = notifier.hush();
  await notifier.tell([ended({ id: 'a', service: 'a' }), opened({ id: 'b', service: 'b' })]);
  end();
  await until(() => server.mails.length === 2);
  await notifier.tell([changed({ id: 'b', service: 'b' })]);
  await until(() => server.mails.length === 3);
  expect(subjects(server).slice(1)).toEqual(['Plone: a well again: no TCP connection, for 60 s', 'Plone: b critical: no TCP connection']);
});

it('nothing that begins is mailed while nobody monitors the cluster, and its end is still known', async () => {
  const server = await serve();
  let intervalMs = 60_000;
  const notifier = await start(() => configWith({ port: server.port }, { intervalMs }));
  await notifier.tell([opened({ id: 'a', service: 'a' })]);
  await until(() => server.mails.length === 1);
  intervalMs = 0;
  await notifier.tell([opened({ id: 'b', service: 'b' }), ended({ id: 'a', service: 'a' })]);
  await until(() => server.mails.length === 2);
  expect(subjects(server)[1]).toBe('Plone: a well again: no TCP connection, for 60 s');
});

it('one that ends with its action sends what there is before', async () => {
  const server = await serve();
  const notifier = await start(() => configWith({ port: server.port }), true);
  await notifier.tell([opened()]);
  await notifier.stop();
  expect(server.mails).toHaveLength(1);
});

it('one that ends while the server is down leaves the mail to the next', async () => {
  const away = await startSmtp();
  await away.stop();
  const notifier = await start(() => configWith({ port: away.port }), true);
  await notifier.tell([opened()]);
  await notifier.stop();
  const server = await serve({ port: away.port });
  const next = await start(() => configWith({ port: server.port }), true);
  await next.stop();
  expect(subjects(server)).toEqual(['Plone: zeoclient1.1 critical: no TCP connection']);
});
