/** What an agent can be allowed to do. */
export const ACTIONS = ['start', 'stop', 'log', 'rotate', 'balancer', 'purge'] as const;

export const COMMAND_SECTION = /^command\s+(\S.*)$/;

export type AgentSection = 'agent' | 'allow' | 'command' | 'supervisor';

interface AgentKey {
  /** '' for none. */
  readonly default: string;
  readonly sentence: string;
}

/** Where Debian's supervisord listens. */
export const SUPERVISOR_SOCKET = '/run/supervisor.sock';

/** Every key of agent.ini. */
export const AGENT_KEYS: Readonly<Record<AgentSection, Readonly<Record<string, AgentKey>>>> = {
  agent: {
    name: { default: '', sentence: "Must equal the certificate's name, and `machine` in cluster.ini." },
    controller: { default: '', sentence: 'Where the controller listens: host:port or unix:/path.' },
    state_dir: { default: '/var/lib/ctl-agent', sentence: 'Folder for what the agent must remember.' },
  },
  allow: {
    services: { default: '', sentence: 'Names by which the service manager calls its services, as globs.' },
    paths: { default: '', sentence: 'Files and folders that it may read and change, as globs; `*` stays within one folder.' },
    actions: { default: '', sentence: `What it may do: ${ACTIONS.join(' ')}.` },
  },
  supervisor: {
    socket: { default: SUPERVISOR_SOCKET, sentence: 'Where its supervisord listens: `file` of [unix_http_server] in supervisord.conf.' },
  },
  command: {
    start: { default: '', sentence: 'Starts the service.' },
    stop: { default: '', sentence: 'Stops it; without it the process is asked by a signal.' },
    user: { default: '', sentence: 'Who runs it.' },
  },
};
