import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { ClusterPlan } from '../../deploy/demo/cluster-plan.js';
import { until } from '../../deploy/demo/until.js';
import { createRandom } from '../support/random.js';
import { discardCluster, startRealCluster } from '../support/real-cluster.js';
import { selfSigned, startSmtp, type SmtpStandIn } from '../support/smtp.js';

/**
 * How long trouble stays unseen: from a critical line in the log of a client, written by a program that knows nothing of us, until a mail
 * server has accepted the mail about it, over STARTTLS and with a login. The built controller and agents, default settings: so each client
 * is in trouble once, and a controller sends a few mails only, below `max_mails_per_hour`; then the next cluster begins.
 */
const { values } = parseArgs({ options: { json: { type: 'boolean' }, times: { type: 'string', default: '50' } } });
const MAX_P95_MS = 1_500;
const CLIENTS = 10;
const LOGIN = { user: 'ctl', password: 'sesame' };
const say = (text: string): void => void process.stderr.write(`${text}\n`);
const abort = new AbortController();
process.once('SIGINT', () => abort.abort(new Error('interrupted')));
const { signal } = abort;
const random = createRandom(7);

const folder = await mkdtemp(join(tmpdir(), 'detect-'));
const accepted: number[] = [];
const certificate = await selfSigned(folder);
const smtp = await startSmtp({
  certificate,
  login: `${LOGIN.user}:${LOGIN.password}`,
  refuse(nth) {
    accepted[nth] = performance.now();
    return null;
  },
});
try {
  await writeFile(join(folder, 'mail.password'), `${LOGIN.password}\n`, { mode: 0o600 });
  const times: number[] = [];
  while (times.length < Number(values.times)) times.push(...(await measure(Math.min(CLIENTS, Number(values.times) - times.length))));
  const result = { name: 'detect', p50_ms: percentile(times, 0.5), p95_ms: percentile(times, 0.95) };
  process.stdout.write(values.json === true ? `${JSON.stringify(result)}\n` : `${JSON.stringify(result, null, 2)}\n`);
  process.exitCode = result.p95_ms < MAX_P95_MS ? 0 : 1;
} finally {
  await smtp.stop();
  await rm(folder, { recursive: true, force: true });
}

/** One cluster; ms for each of its clients. */
async function measure(clients: number): Promise<readonly number[]> {
  const cluster = await startRealCluster({ clients, pools: 1, zope: null, pound: null, settings: mailSettings(smtp), signal });
  try {
    await cluster.startControl();
    await until('the logs to be watched', () => isWatched(cluster.plan), { timeoutMs: 30_000, signal });
    const times: number[] = [];
    for (const client of cluster.plan.clients) {
      // At any moment between two looks of whoever looks now and then.
      await delay(random() * 1_000, undefined, { signal });
      const nth = smtp.mails.length;
      const line = `${new Date().toISOString().replace('T', ' ').replace('.', ',').slice(0, 23)} ERROR [Zope:1][waitress-0] MemoryError\n`;
      const from = performance.now();
      await appendFile(client.logFile, line);
      await until(`the mail about ${client.name}`, async () => smtp.mails.length > nth, { timeoutMs: 30_000, signal });
      const mail = smtp.mails[nth];
      if (mail?.secure !== true || mail.user !== LOGIN.user) throw new Error('the mail came without STARTTLS, or without a login');
      if (!mail.text.includes(client.name)) throw new Error(`a mail about something else:\n${mail.text}`);
      times.push((accepted[nth] ?? NaN) - from);
      say(`${client.name}: ${times.at(-1)?.toFixed(0)} ms`);
    }
    return times;
  } finally {
    await discardCluster(cluster);
  }
}

function mailSettings({ port }: SmtpStandIn) {
  return {
    DEFAULT: {
      ...{ mailhost: `127.0.0.1:${port}`, mail_tls: 'starttls', mail_ca_file: certificate.file, mail_login: LOGIN.user },
      ...{ mail_password_file: join(folder, 'mail.password'), fromaddr: 'ctl@example.org', toaddrs: 'ops@example.org', subject: 'ctl' },
    },
  };
}

/** The agent has noted how far it has read each log. */
async function isWatched({ agents, clients }: ClusterPlan): Promise<boolean> {
  const agent = agents.find(({ name }) => name === 'app');
  const noted = await readFile(join(agent?.stateDir ?? '', 'log-places.json'), 'utf8');
  return clients.every(({ logFile }) => noted.includes(logFile));
}

function percentile(times: readonly number[], share: number): number {
  const sorted = [...times].sort((a, b) => a - b);
  return Math.round((sorted[Math.ceil(share * sorted.length) - 1] ?? NaN) * 10) / 10;
}
