import { batch, count, positive, seconds } from '../values/numbers.js';
import { hostPath, listenAddress, ownPath } from '../values/places.js';
import { choice, command, names, secret, sitePaths, slashless, text } from '../values/texts.js';
import { timeAndDays } from '../values/times.js';
import { key, keys } from './key.js';

export const CLUSTER_KEYS = keys({
  zeoclients: key(names, '', 'The clients of the pools, by their sections, in order.', 'zeoclient1.1, zeoclient1.2'),
  frontend: key(
    names,
    '',
    'What stands before the clients, by sections, in order; a ZeoClient here is a management client outside the pools.',
    'pound',
  ),
  min_active: key(count, '1', 'Never fewer clients in the balancer.'),
  max_fail: key(count, '0', 'Clients that may fail before a roll halts.'),
  batch: key(batch, 'auto', 'Clients of a pool that go at once: auto, pool, a number or a percentage.'),
  before_roll: key(command, '', 'Run before a roll; a failure halts it.', '/usr/local/bin/before-roll'),
  after_roll: key(command, '', 'Run after a roll.', '/usr/local/bin/after-roll'),
  before_client: key(command, '', 'Run before each client, with its name appended.', '/usr/local/bin/before-client'),
  after_client: key(command, '', 'Run after each client, with its name appended.', '/usr/local/bin/after-client'),
  restart_at: key(timeAndDays, '', 'Time of a roll, with days or without; skipped if the cluster is not green.', '04:00 mon-fri'),
  archivedir: key(hostPath, '', 'As in [DEFAULT], where old files have it here.', '/srv/archive'),
});

export const CONNECT_KEYS = keys({
  login: key(text, '', 'Login for the HTTP checks.', 'admin'),
  passwd: key(secret, '', 'Its password; better in a file of its own.', 'secret'),
  passwd_file: key(ownPath, '', 'File whose first line is the password.', 'passwd'),
  passwd_env: key(text, '', "Variable in the controller's environment that holds the password.", 'CTL_PASSWD'),
  public_name: key(text, '', 'Host name under which the site is known.', 'www.example.org'),
  entity: key(slashless, '', 'Path of the site inside Zope.', 'Plone'),
});

export const FEEDCACHE_KEYS = keys({
  url: key(sitePaths, '', 'Paths fetched on each client before it goes back in, one a line.', '\n    news\n    events'),
  concurrency: key(positive, '4', 'Paths fetched at once.'),
});

export const MONITOR_KEYS = keys({
  interval: key(seconds(), '60', 'Time between two rounds of checks; 0 is off.'),
  action: key(choice('check', 'repair'), 'check', 'What a round does.'),
  failures: key(positive, '2', 'Bad rounds until a service counts as critical.'),
  recoveries: key(positive, '1', 'Good rounds until it counts as well again.'),
  reminder: key(seconds(), '3600', 'Time between two mails about the same trouble; 0 for no reminders.'),
  max_mails_per_hour: key(count, '20', 'Beyond this a digest replaces the mails; 0 for no limit.'),
  max_repairs_per_hour: key(count, '3', 'Repairs of one service before it is given up.'),
});

export const CONTROLLER_KEYS = keys({
  address: key(listenAddress, '', 'Where agents and ctl dial the controller; embedded mode without it.', '127.0.0.1:7400'),
  state_dir: key(ownPath, '.ctl', 'Folder for journals, history and mails that wait.'),
  heartbeat: key(seconds(0.01), '5', 'Time between two heartbeats of an agent; after three missed ones its host is unknown.'),
});

/** Of the section [supervisor], for embedded mode; a service of that name is one. */
export const SUPERVISOR_KEYS = keys({
  socket: key(
    hostPath,
    '/run/supervisor.sock',
    'Where supervisord of this host listens: `file` of [unix_http_server] in supervisord.conf.',
    '/run/supervisor.sock',
  ),
});

/** Of a section [command NAME], for embedded mode. */
export const COMMAND_KEYS = keys({
  start: key(command, '', 'Starts the service.', '/srv/zope/1/bin/instance start'),
  stop: key(command, '', 'Stops it; without it the process is asked by a signal.', '/srv/zope/1/bin/instance stop'),
  user: key(text, '', 'Who runs it.', 'zope'),
});
