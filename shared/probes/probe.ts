import type { ProbeOrder, ProbeOutcome } from '../model/probe.js';
import { addressOf } from '../model/service.js';
import type { Clock } from '../ports/clock.js';
import { probeHttp } from './http.js';
import { probeTcp } from './tcp.js';
import { probeZeo } from './zeo.js';

/** One look at an address, from this host. Rejects only when `signal` aborts. */
export async function probe(order: ProbeOrder, clock: Clock, signal: AbortSignal): Promise<ProbeOutcome> {
  const { timeoutMs } = order;
  switch (order.kind) {
    case 'tcp':
      return { kind: 'tcp', outcome: await probeTcp(order, { timeoutMs, signal }) };
    case 'http':
      return {
        kind: 'http',
        outcome: await probeHttp(`http://${addressOf(order)}${order.path}`, order.authorization, { timeoutMs, signal }),
      };
    case 'zeo':
      return { kind: 'zeo', outcome: await probeZeo(order, { clock, connectTimeoutMs: order.connectTimeoutMs, timeoutMs, signal }) };
  }
}
