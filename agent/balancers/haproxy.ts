import { linkSignals } from '../../shared/abort.js';
import { AppError } from '../../shared/errors.js';
import type { CallOptions } from '../../shared/model/agent-api.js';
import type { Backend } from '../../shared/model/balancer.js';
import type { BalancerSpec } from '../../shared/model/service.js';
import type { Exec } from '../../shared/ports/exec.js';
import type { BalancerDriver } from './balancer.js';
import { notDone, unknownBackend } from './complaints.js';
import { createHaproxyFile, isSame, type HaproxyFile } from './haproxy-file.js';
import { createHaproxySocket } from './haproxy-socket.js';
import { parseHaproxyState, parseTable, STATE_COMMANDS, type HaproxyServer, type HaproxyState } from './haproxy-state.js';
import { fileTurns } from './turns.js';

/**
 * HAProxy by its stats socket: no restart, and its own count of the requests under way. Out is "maint": whoever was bound to the server
 * goes elsewhere with his next request, and what is under way is finished.
 *
 * Nothing is written before the socket has answered once. Then the file, where there is one, comes before the running HAProxy.
 */
export function createHaproxy(name: string, spec: BalancerSpec, exec: Exec): BalancerDriver {
  const sections = spec.backends ?? [];
  const socket = createHaproxySocket(spec.control);
  const file: HaproxyFile | null = spec.conf === '' ? null : createHaproxyFile(exec, spec);

  const running = async (options: CallOptions): Promise<HaproxyState> => {
    const state = parseHaproxyState(await socket.ask(STATE_COMMANDS, options));
    const servers = state.servers.filter((server) => sections.includes(server.section));
    const missing = sections.find((section) => !servers.some((server) => server.section === section));
    if (missing === undefined) return { ...state, servers };
    throw new AppError('config', `the running HAProxy has no servers in a backend "${missing}"`, {
      hint: `it has them in ${[...new Set(state.servers.map((s) => s.section))].join(', ')}: see \`backend\` of ${name} in cluster.ini`,
    });
  };

  const serversAt = async (address: string, options: CallOptions): Promise<readonly HaproxyServer[]> => {
    const { servers } = await running(options);
    const found = servers.filter((server) => server.address === address);
    if (found.length > 0) return found;
    throw unknownBackend('the running HAProxy', address, servers);
  };

  const sessionsOf = async ({ servers, tables }: HaproxyState, options: CallOptions): Promise<(server: HaproxyServer) => number | null> => {
    const counts = new Map<string, ReadonlyMap<string, number>>();
    for (const section of new Set(servers.map((server) => server.section))) {
      if (tables.has(section)) counts.set(section, parseTable(await socket.ask([`show table ${section}`], options)));
    }
    return ({ section, id }) => {
      const table = counts.get(section);
      return table === undefined ? null : (table.get(id) ?? 0);
    };
  };

  return {
    async state(options) {
      using linked = linkSignals([options.signal], options.timeoutMs, `reading the state of ${name}`);
      const bounded = { ...options, signal: linked.signal };
      const state = await running(bounded);
      const sessions = await sessionsOf(state, bounded);
      const wanted = (await file?.servers()) ?? null;
      const inFile = (server: HaproxyServer): Backend['inFile'] => {
        if (wanted === null) return 'unkept';
        const found = wanted.find((one) => isSame(one, server));
        return found === undefined ? 'absent' : found.enabled ? 'in' : 'out';
      };
      return {
        name,
        driver: 'haproxy',
        version: state.version,
        aliveIntervalS: PROBE_S,
        backends: state.servers.map((server) => ({
          address: server.address,
          place: `${server.section}/${server.name}`,
          inFile: inFile(server),
          inRuntime: server.enabled ? 'in' : 'out',
          alive: server.alive,
          sessions: sessions(server),
          inFlight: server.inFlight,
        })),
      };
    },

    async set({ address, wanted }, options) {
      using linked = linkSignals([options.signal], options.timeoutMs, `taking ${address} ${wanted} on ${name}`);
      const bounded = { ...options, signal: linked.signal };
      const isWanted = (server: HaproxyServer) => server.enabled === (wanted === 'in');
      await fileTurns.take(spec.conf === '' ? spec.control : spec.conf, linked.signal, async () => {
        const servers = await serversAt(address, bounded);
        await file?.write(servers, wanted, bounded);
        for (const server of servers.filter((one) => !isWanted(one))) {
          const command = `set server ${server.section}/${server.name} state ${wanted === 'in' ? 'ready' : 'maint'}`;
          const answer = (await socket.ask([command], bounded)).trim();
          if (answer !== '') throw new AppError('failed', `HAProxy answered "${command}" with: ${answer.slice(0, 200)}`);
        }
        const wrong = (await serversAt(address, bounded)).find((one) => !isWanted(one));
        if (wrong !== undefined) throw notDone('the running HAProxy', address, wanted, `${wrong.section}/${wrong.name}`);
      });
    },
  };
}

/** HAProxy takes a server that leaves maintenance for alive until its checks say otherwise; it does not tell how often it looks. */
const PROBE_S = 10;
