import { AppError } from '../../shared/errors.js';
import type { AgentApi } from '../../shared/model/agent-api.js';
import type { ServiceSpec } from '../../shared/model/service.js';
import { createAgentProxy } from './agent-proxy.js';
import type { Fleet } from './fleet.js';

/** Embedded mode: the one agent that there is, and the hosts that it answers for. */
export interface OneHost {
  readonly agent: string;
  /** The names under which its host stands in cluster.ini. */
  readonly hosts: ReadonlySet<string>;
}

/** A fleet of one agent. Every host that is not its own rejects each call with `precondition`: nobody is there to be asked. */
export function createOneHostFleet(links: Fleet, { agent, hosts }: OneHost): Fleet {
  const assigned = new Map<string, readonly ServiceSpec[]>();
  return {
    agent: (host) => (hosts.has(host) ? links.agent(agent) : elsewhere(notThisHost(host, agent))),
    hosts() {
      const found = links.hosts().find((one) => one.host === agent);
      return found === undefined ? [] : [...hosts].map((host) => ({ ...found, host }));
    },
    assign(host, services) {
      if (!hosts.has(host)) return;
      assigned.set(host, services);
      links.assign(agent, [...assigned.values()].flat());
    },
  };
}

const elsewhere = (why: AppError): AgentApi =>
  createAgentProxy(
    () => Promise.reject(why),
    () => {
      throw why;
    },
  );

const notThisHost = (host: string, here: string): AppError =>
  new AppError('precondition', `${host} is not this host`, {
    hint: `without \`[controller] address\` ctl acts on the services of this host (${here}) alone: set it, run ctl-controller, and ctl-agent on every host`,
  });
