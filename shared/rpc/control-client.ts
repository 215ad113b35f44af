import type { ControlApi } from '../model/control-api.js';
import type { OperationEvent } from '../model/operation.js';
import {
  backendsRequestToWire,
  balancerReportFromWire,
  checkReportFromWire,
  checkRequestToWire,
  configDiffFromWire,
  eventFromWire,
  haltToWire,
  logEventFromWire,
  logRequestToWire,
  memoryReportFromWire,
  memoryRequestToWire,
  perfReportFromWire,
  perfRequestToWire,
  planFromWire,
  runRequestToWire,
  statusRequestToWire,
  summaryFromWire,
} from '../wire/control.js';
import { lockReportFromWire } from '../wire/lock.js';
import type { Credentials } from '../pki/certificate.js';
import { parseAddress } from './address.js';

/** How long a controller may take to be there, and to answer: a check measures every service first. */
const CONNECT_MS = 3_000;
const CHECK_MS = 300_000;
const PLAN_MS = 60_000;
/** Two weeks of files are read for it. */
const PERF_MS = 120_000;
/** A balancer that has to be restarted for it takes its time. */
const BACKENDS_MS = 60_000;

/**
 * The controller at `address`; `credentials` as for openChannel. Rejects with `config` for an address that needs some, and with `unreachable` within 3 s if nobody
 * answers there. Loads gRPC only when it is called: most of what `ctl` does to start is not needed for `ctl --help`.
 */
export async function connectControl(address: string, credentials: Credentials | null): Promise<ControlApi & { close(): void }> {
  const parsed = parseAddress(address);
  const [{ openChannel }, { ControlDefinition }] = await Promise.all([import('./client.js'), import('../wire/definitions.js')]);
  const channel = await openChannel(parsed, credentials);
  try {
    await channel.ready(CONNECT_MS);
  } catch (error) {
    channel.close();
    throw error;
  }
  const client = channel.client(ControlDefinition);
  return {
    check: async (request, signal) => checkReportFromWire(await client.check(checkRequestToWire(request), { signal, timeoutMs: CHECK_MS })),
    status: async (request, signal) => checkReportFromWire(await client.status(statusRequestToWire(request), { signal })),
    plan: async (request, signal) => planFromWire(await client.plan(runRequestToWire(request), { signal, timeoutMs: PLAN_MS })),
    run: (request, signal) => events(client.run(runRequestToWire(request), { signal })),
    operations: async (signal) => (await client.operations({}, { signal })).operations.map(summaryFromWire),
    events: (id, { follow }, signal) => events(client.events({ id, follow }, { signal })),
    resume: (id, by, signal) => events(client.resume({ id, by }, { signal })),
    async halt(id, how, by, signal) {
      await client.halt(haltToWire({ id, how, by }), { signal });
    },
    balancers: async (signal) => balancerReportFromWire(await client.balancers({}, { signal })),
    setBackends: async (request, signal) =>
      balancerReportFromWire(await client.setBackends(backendsRequestToWire(request), { signal, timeoutMs: BACKENDS_MS })),
    async *log(request, signal) {
      for await (const event of client.log(logRequestToWire(request), { signal })) yield logEventFromWire(event);
    },
    memory: async (request, signal) => memoryReportFromWire(await client.memory(memoryRequestToWire(request), { signal })),
    perf: async (request, signal) => perfReportFromWire(await client.perf(perfRequestToWire(request), { signal, timeoutMs: PERF_MS })),
    lock: async (signal) => lockReportFromWire(await client.lock({}, { signal })),
    removeLock: async (request, signal) => lockReportFromWire(await client.removeLock(request, { signal })),
    diffConfig: async (signal) => configDiffFromWire(await client.diffConfig({}, { signal })),
    close: () => channel.close(),
  };
}

/** Whoever stops reading ends the stream, and only that: the operation goes on. */
async function* events(stream: AsyncIterable<Parameters<typeof eventFromWire>[0]>): AsyncIterable<OperationEvent> {
  for await (const event of stream) yield eventFromWire(event, Date.now());
}
