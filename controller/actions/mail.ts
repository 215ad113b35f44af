import { hostname } from 'node:os';
import type { ClusterConfig } from '../config/cluster.js';
import { mailFolderOf } from '../notify/notifier.js';
import { readMailQueue } from '../notify/queue.js';
import { mailReportOf } from '../notify/report.js';
import { sendTestMail } from '../notify/test-mail.js';
import type { ControlApi } from '../../shared/model/control-api.js';
import type { Clock } from '../../shared/ports/clock.js';

/** What `ctl mail` can do without a controller: also while one in another process works with the state_dir. */
export const createMailActions = (config: () => ClusterConfig, clock: Clock): Pick<ControlApi, 'mails' | 'testMail'> => ({
  mails: async () => mailReportOf(config().mail, await readMailQueue(mailFolderOf(config())), null),
  testMail: (signal) => sendTestMail({ config: config(), clock, host: hostname() }, signal),
});
