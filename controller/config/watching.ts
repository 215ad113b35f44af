import type { IniSection } from '../../shared/ini/ini.js';
import { splitAddress } from '../../shared/ini/address.js';
import { Secret } from '../../shared/model/secret.js';
import type { MailConfig, MonitorConfig } from './cluster.js';
import { placeOf, type Reader } from './reader.js';
import { GLOBAL_KEYS } from './schema/defaults.js';
import { MONITOR_KEYS } from './schema/sections.js';
import { firstLine, type SecretSources } from './secrets.js';

export function readMonitor(section: IniSection | undefined, reader: Reader): MonitorConfig {
  return {
    intervalMs: reader.read(section, MONITOR_KEYS.interval),
    action: reader.read(section, MONITOR_KEYS.action),
    failures: reader.read(section, MONITOR_KEYS.failures),
    recoveries: reader.read(section, MONITOR_KEYS.recoveries),
    reminderMs: reader.read(section, MONITOR_KEYS.reminder),
    maxMailsPerHour: reader.read(section, MONITOR_KEYS.max_mails_per_hour),
    maxRepairsPerHour: reader.read(section, MONITOR_KEYS.max_repairs_per_hour),
  };
}

/** Where the alert mail goes; null if it goes nowhere: without recipients, and, with a warning, without a server or a sender. */
export function readMail(defaults: IniSection, sources: SecretSources, reader: Reader): MailConfig | null {
  const to = reader.read(defaults, GLOBAL_KEYS.toaddrs);
  if (to.length === 0) return null;
  const tls = reader.read(defaults, GLOBAL_KEYS.mail_tls);
  const caFile = reader.read(defaults, GLOBAL_KEYS.mail_ca_file);
  const host = reader.read(defaults, GLOBAL_KEYS.mailhost);
  const from = reader.read(defaults, GLOBAL_KEYS.fromaddr);
  for (const [key, value] of [
    ['mailhost', host],
    ['fromaddr', from],
  ] as const)
    if (value === '')
      reader.report('warning', placeOf(defaults, 'toaddrs'), `no mail is sent: there is no ${key}`, `set ${key}, or leave toaddrs empty`);
  if (host === '' || from === '') return null;
  const address = splitAddress(host);
  return {
    host: address?.host ?? host,
    port: Number(address?.port ?? DEFAULT_PORTS[tls]),
    tls,
    caFile: caFile === '' ? null : caFile,
    login: readLogin(defaults, sources, reader),
    from,
    to,
    subject: reader.read(defaults, GLOBAL_KEYS.subject),
  };
}

/** SMTP (RFC 5321), and SMTP in TLS from its first byte (RFC 8314). */
const DEFAULT_PORTS: Readonly<Record<MailConfig['tls'], number>> = { none: 25, starttls: 25, tls: 465 };

function readLogin(defaults: IniSection, sources: SecretSources, reader: Reader): MailConfig['login'] {
  const user = reader.read(defaults, GLOBAL_KEYS.mail_login);
  const file = reader.read(defaults, GLOBAL_KEYS.mail_password_file);
  if (user === '') return null;
  const place = placeOf(defaults, file === '' ? 'mail_login' : 'mail_password_file');
  const found =
    file === ''
      ? { ok: false as const, why: 'there is no mail_password_file' }
      : (sources.mailPasswordFile ?? { ok: false as const, why: 'it was not read' });
  if (found.ok) return { user, password: new Secret(firstLine(found.text)) };
  reader.report('error', place, file === '' ? found.why : `${file}: ${found.why}`);
  return null;
}
