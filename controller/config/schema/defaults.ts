import { SERVICE_MANAGERS } from '../../../shared/model/service.js';
import { days, kilobytes, mebibytes, seconds } from '../values/numbers.js';
import { pattern } from '../values/patterns.js';
import { hostPath, hostPort, ownPath } from '../values/places.js';
import { choice, command, mailAddresses, text } from '../values/texts.js';
import { timeOfDay } from '../values/times.js';
import { key, keys } from './key.js';

/** Keys of [DEFAULT] that belong to the controller as a whole. */
export const GLOBAL_KEYS = keys({
  logfile: key(ownPath, 'ctl.log', "The controller's own log."),
  lock_file: key(ownPath, 'ctl.lock', 'One critical operation at a time.'),
  mailhost: key(hostPort, '', 'SMTP server, host or host:port.', 'mail.example.org:25'),
  mail_tls: key(choice('none', 'starttls', 'tls'), 'none', 'How the connection to the SMTP server is secured.'),
  mail_ca_file: key(
    ownPath,
    '',
    'Certificates (PEM) of who may vouch for the SMTP server; those that the system trusts without it.',
    'mail-ca.pem',
  ),
  mail_login: key(text, '', 'Login at the SMTP server.', 'ctl'),
  mail_password_file: key(ownPath, '', 'File that holds the password of mail_login.', 'mail.password'),
  fromaddr: key(text, '', 'Sender of the alert mails.', 'ctl@example.org'),
  toaddrs: key(mailAddresses, '', 'Recipients of the alert mails; without them no mail is sent.', 'admin@example.org; ops@example.org'),
  subject: key(text, '', 'Subject of the alert mails.', 'Plone cluster'),
  ping_command: key(command, '', 'Run with the ip appended, 5 s at most; a failure is a note beside the checks.', 'ping -c 1'),
  perfdir: key(ownPath, '', 'Folder for the access times.', 'perf'),
});

/** Keys of [DEFAULT] that apply to each service, and that a service can set for itself. */
export const SERVICE_DEFAULTS = keys({
  timeout: key(seconds(0.001), '10', 'An HTTP check slower than this is critical event 5.'),
  max_process_size: key(kilobytes, '0', 'A resident size over this is critical event 3; 0 for no limit.', '1500000'),
  critical_errors: key(
    pattern,
    '',
    'A log entry since the last start that matches is critical event 4.',
    'MemoryError|ConflictError|POSKeyError',
  ),
  archivedir: key(hostPath, '', "Folder on the service's host for rotated logs.", '/srv/archive'),
  archive_compress: key(choice('none', 'gzip', 'zstd'), 'none', 'How rotated logs are compressed.'),
  archive_keep: key(days, '0', 'Days that rotated logs are kept; 0 for ever.'),
  rotate_method: key(choice('auto', 'collapse', 'signal', 'copy', 'pause', 'rename'), 'auto', 'How a log is rotated.'),
  rotate_at: key(timeOfDay, '', 'Time of a daily rotation; off without it.', '03:30'),
  rotate_size: key(mebibytes, '0', 'Size at which a log is rotated; 0 is off.'),
  service_manager: key(choice('', ...SERVICE_MANAGERS), '', 'How the agent starts and stops a service; by platform without it.', 'systemd'),
  start_deadline: key(seconds(1), '300', 'Until a start counts as failed.'),
  stop_deadline: key(seconds(1), '120', 'Until a stop is forced.'),
  check_from: key(choice('controller', 'balancer', 'host'), 'controller', 'Where TCP and HTTP checks are made from.'),
});
