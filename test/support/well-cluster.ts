import type { BalancerReport } from '../../shared/model/balancer-report.js';
import type { ServiceReport } from '../../shared/model/check-report.js';
import { processId } from '../../shared/model/process.js';

/** 2024-09-25 14:47:17.000 UTC, the time at which everything in the fake begins. */
export const FAKE_NOW = Date.UTC(2024, 8, 25, 14, 47, 17);

export const poolOf = (name: string): number => Number(/\d+/.exec(name)?.[0] ?? 1);

export const wellClient = (name: string): ServiceReport => ({
  name,
  type: 'ZeoClient',
  host: `web${poolOf(name)}`,
  pool: poolOf(name),
  state: 'ok',
  balancer: 'in',
  at: FAKE_NOW,
  tcp: { ok: true, ms: 0.42 },
  http: { ok: true, status: 200, ms: 84.2, bytes: 20_123 },
  memory: { ok: true, rssKb: 626_688, limitKb: 1_048_576, process: processId(4242, 777), uptimeS: 86_400, growthKbPerH: null },
  log: { ok: true, since: '2024-09-25 16:47:17,760', findings: 0 },
  findings: [],
});

/** One Pound that has them all in. */
export const wellBalancers = (clients: readonly string[]): BalancerReport => ({
  at: FAKE_NOW,
  exit: 0,
  balancers: [
    {
      name: 'pound',
      host: 'front',
      driver: 'pound-control',
      version: '4.16',
      why: null,
      backends: clients.map((service, i) => ({
        service,
        address: `10.0.0.1:${8081 + i}`,
        place: 'main/zope',
        inFile: 'in',
        inRuntime: 'in',
        alive: true,
        sessions: i,
        inFlight: null,
        hold: null,
      })),
    },
  ],
  drift: [],
  notes: [],
});
