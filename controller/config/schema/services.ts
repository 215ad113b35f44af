import { SERVICE_TYPES, type ServiceType } from '../../../shared/model/service.js';
import { count, port, seconds } from '../values/numbers.js';
import { pattern } from '../values/patterns.js';
import { hostPath, hostPaths, hostPort, hostProgram, ip, neededHostPath } from '../values/places.js';
import { choice, names, needed, neededNames, sitePath, text } from '../values/texts.js';
import { key, keys, type Keys } from './key.js';

/** What the event log of every generation of Zope says when it is up (4-domain-facts.md). */
export const DEFAULT_READY_PATTERN = String.raw`^\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:,\d{3})? INFO\s+(?:Zope |\[Zope:\d+\]\[[^\]]+\] )Ready to handle requests\s*$`;

/** Keys of every service. */
export const COMMON_KEYS = keys({
  type: key({ ...needed, name: SERVICE_TYPES.join(', ') }, '', 'What it is.', 'ZeoClient'),
  machine: key(text, '', 'Name of its host, and of the agent there.', 'web1'),
  ip: key(ip, '', 'Address to connect to.', '127.0.0.1'),
  port: key(port, '', 'Port to connect to.', '8081'),
  service_name: key(text, '', 'What its service manager calls it; never guessed.', 'Zope_1'),
  rotate_logs: key(hostPaths, '', 'Logs to rotate, one path a line.', '\n    /srv/zope/1/log/event.log\n    /srv/zope/1/log/Z2.log'),
  pid_file: key(hostPath, '', 'File that holds the pid of the process to measure.', '/srv/zope/1/var/Z4.pid'),
  depends: key(names, '', 'Services that must be up before it.', 'zeo'),
});

export const CLIENT_KEYS = keys({
  pool: key(count, '1', 'Pool that it is restarted with; 0: never in the balancer.'),
  log_file: key(hostPath, '', 'Its event log.', '/srv/zope/1/log/event.log'),
  ignore_errors: key(pattern, '', 'Log entries that match are never critical.', 'NotFound'),
  ready_pattern: key(pattern, DEFAULT_READY_PATTERN, 'The log line that marks the end of a start.'),
});

const ZEO_KEYS = keys({
  storage: key(text, '', 'Name of the storage to look at; all without it.', 'main'),
});

export const HTTP_KEYS = keys({
  url: key(sitePath, '/', 'Path that it is asked for.'),
});

export const SQUID_KEYS = keys({
  cache_dir: key(hostPath, '', 'Its cache, moved aside by a purge.', '/var/spool/squid'),
  exe: key(hostProgram, '', 'Its program.', '/usr/sbin/squid'),
  conf: key(hostPath, '', 'Its configuration.', '/etc/squid/squid.conf'),
});

export const POUND_KEYS = keys({
  conf: key(neededHostPath, '', 'Its configuration, which holds the state of each backend.', '/etc/pound/pound.cfg'),
  time_to_sleep: key(seconds(), '20', 'Pause between two starts inside one batch; 0: together.'),
  control: key(hostPath, '', 'Its control socket; without it each change restarts Pound.', '/run/pound/control.sock'),
  exe: key(hostPath, '', "Its program; the `pound` of the agent's PATH without it.", '/usr/sbin/pound'),
  apply: key(choice('auto', 'control', 'restart'), 'auto', 'How a change reaches it.'),
  drain: key(seconds(), '30', 'Until a client that still has connections is stopped all the same.'),
  drain_quiet: key(seconds(), '5', 'Connections that are silent for so long count as drained.'),
  sessions: key(choice('delete', 'wait'), 'delete', 'Sticky sessions of a client that goes out: deleted, or waited for.'),
});

export const HAPROXY_KEYS = keys({
  control: key(neededHostPath, '', 'Its stats socket.', '/run/haproxy/admin.sock'),
  backend: key(neededNames, '', 'The backend sections that hold the clients.', 'zope'),
  conf: key(hostPath, '', 'Its configuration, which then holds the state of each backend as well.', '/etc/haproxy/haproxy.cfg'),
  exe: key(hostPath, '', "Its program; the `haproxy` of the agent's PATH without it.", '/usr/sbin/haproxy'),
  drain: key(seconds(), '30', 'Until a client that still has connections is stopped all the same.'),
});

export const VARNISH_KEYS = keys({
  admin: key(hostPort, '', 'Its management port.', '127.0.0.1:6082'),
  secret_file: key(hostPath, '', 'File with the secret of the management port.', '/etc/varnish/secret'),
});

export const TYPE_KEYS: Readonly<Record<ServiceType, Keys>> = {
  ZeoClient: CLIENT_KEYS,
  ZeoServer: ZEO_KEYS,
  TCPServer: {},
  HttpServer: HTTP_KEYS,
  Squid: SQUID_KEYS,
  Pound: POUND_KEYS,
  HAProxy: HAPROXY_KEYS,
  Varnish: VARNISH_KEYS,
};
