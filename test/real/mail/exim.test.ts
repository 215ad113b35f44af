import { once } from 'node:events';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findFreePorts } from '../../../deploy/demo/free-ports.js';
import type { Program } from '../../../deploy/demo/processes.js';
import { until } from '../../../deploy/demo/until.js';
import type { ClusterConfig } from '../../../controller/config/cluster.js';
import { type Notifier, startNotifier } from '../../../controller/notify/notifier.js';
import { createLogger } from '../../../shared/log.js';
import { Secret } from '../../../shared/model/secret.js';
import { systemClock } from '../../../shared/ports/clock.js';
import { findExim, mailboxOf, prepareExim } from '../../support/exim.js';
import { type Suite, suiteProcesses } from '../../support/processes.js';
import { realPart, setUpLimit } from '../../support/real.js';
import { NEVER } from '../../support/rotations.js';
import { selfSigned } from '../../support/smtp.js';
import { aMailConfig, mailingCluster, opened } from '../../unit/controller/notify/fixtures.js';

const exim = await realPart('Exim', findExim({ signal: setUpLimit() }));
const prepare = suiteProcesses('exim');
const limit = { timeoutMs: 60_000, signal: NEVER };

describe.skipIf(exim === null)('a real mail server', () => {
  if (exim === null) return;
  let suite: Suite;
  let command: readonly [string, ...string[]];
  let port = 0;
  let caFile = '';
  const notifiers: Notifier[] = [];
  beforeAll(async () => {
    suite = await prepare();
    [port = 0] = await findFreePorts(1);
    const certificate = await selfSigned(suite.folder);
    caFile = certificate.file;
    command = await prepareExim({ exim, folder: suite.folder, port, certificate, login: 'ctl:hunter2', users: ['ops', 'boss'] });
  });
  afterAll(() => Promise.all(notifiers.map((one) => one.stop())));

  async function startExim(): Promise<Program> {
    const program = await suite.processes.start('exim', command);
    await until('Exim to listen', () => listens(port), limit);
    return program;
  }

  async function notify(name: string, to: readonly string[], password = 'hunter2'): Promise<Notifier> {
    const base = mailingCluster({ controller: { address: null, stateDir: join(suite.folder, name), heartbeatMs: 5000 } });
    const login = { user: 'ctl', password: new Secret(password) };
    const config: ClusterConfig = { ...base, mail: aMailConfig({ port, tls: 'starttls', caFile, login, to }) };
    const log = createLogger({ name: 'test', level: 'silent' });
    const notifier = await startNotifier({ config: () => config, clock: systemClock, log }, { host: 'here', single: false });
    notifiers.push(notifier);
    return notifier;
  }

  const inBox = async (user: string, text: string) => (await mailboxOf(suite.folder, user)).filter((mail) => mail.includes(text));

  it('brings a mail over STARTTLS, with a login, into the boxes of its recipients', async () => {
    const program = await startExim();
    const notifier = await notify('both', ['ops@example.org', 'boss@example.org']);
    await notifier.tell([opened({ id: 'first', service: 'first' })]);
    for (const user of ['ops', 'boss']) {
      await until(`the mail for ${user}`, async () => (await inBox(user, 'Service: first')).length === 1, limit);
      const [mail = ''] = await inBox(user, 'Service: first');
      expect(mail).toMatch(/^Received: from .*\n(?:\t.*\n)*\t.*with esmtpsa /m);
      expect(mail).toMatch(/^Message-ID: <ctl\.first\.opened\.\d+@example\.org>$/m);
      expect(mail).toMatch(/^Auto-Submitted: auto-generated$/m);
      expect(mail).toMatch(/^Subject: Plone: first critical: no TCP connection$/m);
    }
    await program.end();
  });

  it('that is away for a while gets every mail once when it is back', async () => {
    const notifier = await notify('away', ['ops@example.org']);
    for (const [nth, id] of ['one', 'two', 'three'].entries()) {
      await notifier.tell([opened({ id, service: id })]);
      await until(`mail ${nth}`, async () => notifier.report().waiting.length === nth + 1, limit);
    }
    const program = await startExim();
    await until('an empty queue', async () => notifier.report().waiting.length === 0, limit);
    for (const id of ['one', 'two', 'three']) await until(id, async () => (await inBox('ops', `Service: ${id}`)).length > 0, limit);
    for (const id of ['one', 'two', 'three']) expect(await inBox('ops', `Service: ${id}`)).toHaveLength(1);
    await program.end();
  });

  it('that knows only one of the recipients serves him, and the other is told apart', async () => {
    const program = await startExim();
    const notifier = await notify('partly', ['nobody@example.org', 'boss@example.org']);
    await notifier.tell([opened({ id: 'partly', service: 'partly' })]);
    await until('a refusal', async () => notifier.report().givenUp.length === 1 && notifier.report().waiting.length === 0, limit);
    expect(notifier.report()).toMatchObject({
      waiting: [],
      givenUp: [{ to: ['nobody@example.org'], lastError: expect.stringContaining('550 no such user') as string }],
    });
    await until('the mail', async () => (await inBox('boss', 'Service: partly')).length === 1, limit);
    await program.end();
  });

  it('that does not accept the password blocks the mails and loses none', async () => {
    const program = await startExim();
    const notifier = await notify('wrong', ['ops@example.org'], 'wrong');
    await notifier.tell([opened({ id: 'wrong', service: 'wrong' })]);
    await until('a refusal', async () => notifier.report().blocked !== null, limit);
    expect(notifier.report()).toMatchObject({
      blocked: 'Invalid login: 535 Incorrect authentication data',
      waiting: [{ id: expect.any(String) as string }],
      givenUp: [],
    });
    await program.end();
  });
});

async function listens(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } finally {
    socket.destroy();
  }
}
