import { choices, command, globs, neededAddress, neededCommand, neededName, path, paths, text, type ValueType } from './values.js';

/** What an agent can be allowed to do. */
export const ACTIONS = ['start', 'stop', 'log', 'rotate', 'balancer', 'purge'] as const;

export const COMMAND_SECTION = /^command\s+(\S.*)$/;

export type AgentSection = keyof typeof AGENT_KEYS;

/** One key of agent.ini. Validation, example and reference come from it. */
export interface AgentKey<T> {
  readonly key: string;
  readonly type: ValueType<T>;
  /** '' for none. */
  readonly default: string;
  readonly sentence: string;
  readonly example: string;
}

/** Where Debian's supervisord listens. */
export const SUPERVISOR_SOCKET = '/run/supervisor.sock';

/** Every key of agent.ini. */
export const AGENT_KEYS = {
  agent: keys({
    name: key(
      neededName('the name of this host, as "machine" in cluster.ini'),
      '',
      "Must equal the certificate's name, and `machine` in cluster.ini.",
      'web1',
    ),
    controller: key(neededAddress('"address" of [controller] in cluster.ini'), '', 'Where the controller listens.', '127.0.0.1:7400'),
    state_dir: key(path, '/var/lib/ctl-agent', 'Folder for what the agent must remember.', '/var/lib/ctl-agent'),
  }),
  allow: keys({
    services: key(globs, '', 'Names by which the service manager calls its services; without it none.', 'Zope_*, Pound'),
    paths: key(
      paths,
      '',
      'Files and folders that it may read and change, with all that is below them; without it none.',
      '/srv/zope/*/log, /srv/zope/*/var, /etc/pound/pound.cfg, /run/pound',
    ),
    actions: key(choices(ACTIONS), '', 'What it may do; without it only look.', 'start stop log rotate balancer purge'),
  }),
  supervisor: keys({
    socket: key(
      path,
      SUPERVISOR_SOCKET,
      'Where its supervisord listens: `file` of [unix_http_server] in supervisord.conf.',
      SUPERVISOR_SOCKET,
    ),
  }),
  command: keys({
    start: key(neededCommand, '', 'Starts the service.', '/srv/zope/1/bin/instance start'),
    stop: key(command, '', 'Stops it; without it the process is asked by a signal.', '/srv/zope/1/bin/instance stop'),
    user: key(text, '', "Who runs it; the agent's own user without it.", 'zope'),
  }),
};

type Draft<T> = Omit<AgentKey<T>, 'key'>;

function key<T>(type: ValueType<T>, fallback: string, sentence: string, example: string): Draft<T> {
  return { type, default: fallback, sentence, example };
}

/** Gives each key the name under which it stands. */
function keys<S extends Record<string, Draft<unknown>>>(drafts: S): { readonly [K in keyof S]: S[K] & { readonly key: string } } {
  return Object.fromEntries(Object.entries(drafts).map(([name, draft]) => [name, { ...draft, key: name }])) as never;
}
