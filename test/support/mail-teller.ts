import { createInterface } from 'node:readline';
import { startNotifier } from '../../controller/notify/notifier.js';
import { createLogger } from '../../shared/log.js';
import type { IncidentChange } from '../../shared/model/incident.js';
import { systemClock } from '../../shared/ports/clock.js';
import { mailingCluster } from '../unit/controller/notify/fixtures.js';

export interface MailTeller {
  readonly stateDir: string;
  /** Of an SMTP server on the loopback address. */
  readonly port: number;
}

/** Run as a program: mails the changes that it reads from standard input, one a line, and prints the id of each that is sure to be mailed. */
const { stateDir, port } = JSON.parse(process.argv[2] ?? '') as MailTeller;
const base = mailingCluster({ controller: { address: null, stateDir, heartbeatMs: 5000 } });
const config = {
  ...base,
  monitor: { ...base.monitor, maxMailsPerHour: 0, reminderMs: 0 },
  mail: base.mail === null ? null : { ...base.mail, port },
};
const log = createLogger({ name: 'mail-teller', level: 'silent' });
const notifier = await startNotifier({ config: () => config, clock: systemClock, log }, { host: 'here', single: false });
for await (const line of createInterface({ input: process.stdin })) {
  const change = JSON.parse(line) as IncidentChange;
  void notifier.tell([change]).then(() => process.stdout.write(`${change.incident.id}\n`));
}
