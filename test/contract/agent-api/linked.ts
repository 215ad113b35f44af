import type { EventSource } from '../../../agent/link/telling.js';
import { createLink, type AgentLink, type LinkTimes } from '../../../agent/link/link.js';
import { createLinks, type Links } from '../../../controller/fleet/links.js';
import { createLogger, type Log } from '../../../shared/log.js';
import type { TakeEvents } from '../../../shared/model/agent-event.js';
import { systemClock, type WallClock } from '../../../shared/ports/clock.js';
import { type Address, formatAddress, parseAddress } from '../../../shared/rpc/address.js';
import { createRpcServer, type RpcServer } from '../../../shared/rpc/server.js';
import { aService, createFakeAgent, type FakeAgent } from './fake-agent.js';

/** The lines of a log, as objects. */
export interface LogLines {
  readonly log: Log;
  readonly lines: { readonly level: string; readonly msg: string; readonly [field: string]: unknown }[];
}

export function recordedLog(): LogLines {
  const lines: LogLines['lines'] = [];
  return {
    lines,
    log: createLogger({ name: 'test', level: 'debug', write: (line) => lines.push(JSON.parse(line) as LogLines['lines'][number]) }),
  };
}

const nobodyTakes: TakeEvents = () => Promise.reject(new Error('no events were expected'));

/** The controller's end of the link, on a port of its own or on a unix socket. */
export interface Hub extends AsyncDisposable {
  readonly links: Links;
  readonly server: RpcServer;
  readonly address: Address;
  readonly logged: LogLines;
}

export async function startHub(address = '127.0.0.1:0', heartbeatMs = 1_000, takeEvents: TakeEvents = nobodyTakes): Promise<Hub> {
  const logged = recordedLog();
  const { log } = logged;
  const links = createLinks({ clock: systemClock, log, heartbeatMs, version: '9.9.9', takeEvents });
  const server = createRpcServer({ log }, { address: parseAddress(address), services: [links.service], stopMs: 500 });
  await server.start();
  links.assign('web1', [aService('zeoclient1.1'), aService('pound')]);
  return {
    links,
    server,
    logged,
    address: server.address(),
    async [Symbol.asyncDispose]() {
      links.stop();
      await server.stop();
    },
  };
}

export interface LinkedFake extends AsyncDisposable {
  readonly agent: FakeAgent;
  readonly link: AgentLink;
  readonly logged: LogLines;
}

export interface LinkedFakeOptions {
  readonly agent?: FakeAgent;
  readonly name?: string;
  readonly times?: LinkTimes;
  readonly events?: EventSource;
  readonly clockAheadMs?: number;
}

export function startAgent(
  address: Address,
  { agent = createFakeAgent(), name = 'web1', times, events, clockAheadMs = 0 }: LinkedFakeOptions = {},
): LinkedFake {
  const logged = recordedLog();
  const clock: WallClock = { ...systemClock, wallTime: () => systemClock.wallTime() + clockAheadMs };
  const link = createLink(
    { address: formatAddress(address), name, version: '1.2.3', api: agent.api, events, clock, log: logged.log },
    { refusedMs: 100, ...times },
  );
  link.start();
  return { agent, link, logged, [Symbol.asyncDispose]: () => link.stop() };
}

/** For what must happen, whenever it does. */
export const soon = (): AbortSignal => AbortSignal.timeout(20_000);
