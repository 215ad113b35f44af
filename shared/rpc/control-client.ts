import { linkSignals } from '../abort.js';
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
import { incidentReportFromWire, incidentsRequestToWire } from '../wire/incident.js';
import { lockReportFromWire } from '../wire/lock.js';
import { ControlDefinition } from '../wire/control-definition.js';
import { mailReportFromWire, mailTestFromWire } from '../wire/mail.js';
import type { Certified } from '../pki/certificate.js';
import { parseAddress } from './address.js';
import { openChannel, type RpcChannel } from './client.js';

/** How long a controller may take to be there, and to answer: a check measures every service first. */
const CONNECT_MS = 3_000;
const CHECK_MS = 300_000;
const PLAN_MS = 60_000;
/** Two weeks of files are read for it. */
const PERF_MS = 120_000;
/** A balancer that has to be restarted for it takes its time. */
const BACKENDS_MS = 60_000;
/** A slow SMTP server has this long for one mail. */
const MAIL_MS = 200_000;

/** By what the caller proves who he is, and what is to be kept of it when the controller has made it anew. */
export interface ControlLogin {
  readonly certified: Certified;
  readonly keep: (next: Certified) => Promise<void>;
}

/**
 * The controller at `address`; without a login it has to be on this host (`config`). Rejects with `unreachable` within 3 s if nobody answers
 * there, with `denied` if there is no trusting him. A certificate that is due is renewed beside the calls; closing waits for that. This file loads gRPC: `ctl` imports it when it connects.
 */
export async function connectControl(address: string, login: ControlLogin | null = null): Promise<ControlApi & { close(): Promise<void> }> {
  const parsed = parseAddress(address);
  const channel = await openChannel(parsed, login?.certified ?? null);
  try {
    await channel.ready(CONNECT_MS);
  } catch (error) {
    channel.close();
    throw error;
  }
  const client = channel.client(ControlDefinition);
  const upkeep = login === null ? Promise.resolve() : lookAfter(channel, login);
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
    incidents: async (request, signal) => incidentReportFromWire(await client.incidents(incidentsRequestToWire(request), { signal })),
    perf: async (request, signal) => perfReportFromWire(await client.perf(perfRequestToWire(request), { signal, timeoutMs: PERF_MS })),
    lock: async (signal) => lockReportFromWire(await client.lock({}, { signal })),
    mails: async (signal) => mailReportFromWire(await client.mails({}, { signal })),
    testMail: async (signal) => mailTestFromWire(await client.testMail({}, { signal, timeoutMs: MAIL_MS })),
    removeLock: async (request, signal) => lockReportFromWire(await client.removeLock(request, { signal })),
    diffConfig: async (signal) => configDiffFromWire(await client.diffConfig({}, { signal })),
    async close() {
      await upkeep;
      channel.close();
    },
  };
}

/** Never rejects: what failed is tried again with the next command, and until the certificate expires nothing is lost. */
async function lookAfter(channel: RpcChannel, { certified, keep }: ControlLogin): Promise<void> {
  const { keepUp } = await import('./upkeep.js');
  using bound = linkSignals([], UPKEEP_MS, 'renewing the certificate');
  const next = await keepUp(channel, certified, Date.now(), bound.signal).catch(() => null);
  if (next !== null) await keep(next).catch(() => undefined);
}

const UPKEEP_MS = 3_000;

/** Whoever stops reading ends the stream, and only that: the operation goes on. */
async function* events(stream: AsyncIterable<Parameters<typeof eventFromWire>[0]>): AsyncIterable<OperationEvent> {
  for await (const event of stream) yield eventFromWire(event, Date.now());
}
