import type { ControlApi } from '../../shared/model/control-api.js';
import type { Caller } from '../../shared/model/identity.js';
import type { OperationEvent } from '../../shared/model/operation.js';
import { rpcService, type RpcService } from '../../shared/rpc/service.js';
import {
  backendsRequestFromWire,
  balancerReportToWire,
  checkReportToWire,
  checkRequestFromWire,
  configDiffToWire,
  eventToWire,
  haltFromWire,
  logEventToWire,
  logRequestFromWire,
  memoryReportToWire,
  memoryRequestFromWire,
  perfReportToWire,
  perfRequestFromWire,
  planToWire,
  runRequestFromWire,
  statusRequestFromWire,
  summaryToWire,
} from '../../shared/wire/control.js';
import { incidentReportToWire, incidentsRequestFromWire } from '../../shared/wire/incident.js';
import { lockReportToWire } from '../../shared/wire/lock.js';
import { mailReportToWire, mailTestToWire } from '../../shared/wire/mail.js';
import { ControlDefinition } from '../../shared/wire/definitions.js';

/** The API of the controller as a service of its server: each method is one call. */
export function createControlService(api: ControlApi): RpcService {
  return rpcService(ControlDefinition, {
    check: async (request, { signal }) => checkReportToWire(await api.check(checkRequestFromWire(request), signal)),
    status: async (request, { signal }) => checkReportToWire(await api.status(statusRequestFromWire(request), signal)),
    plan: async (request, { signal }) => planToWire(await api.plan(runRequestFromWire(request), signal)),
    run: (request, context) => toWire(api.run(by(context, runRequestFromWire(request)), context.signal)),
    operations: async (_, { signal }) => ({ operations: (await api.operations(signal)).map(summaryToWire) }),
    events: ({ id, follow }, { signal }) => toWire(api.events(id, { follow }, signal)),
    resume: (request, context) => toWire(api.resume(request.id, by(context, request).by, context.signal)),
    async halt(request, context) {
      const halt = by(context, haltFromWire(request));
      await api.halt(halt.id, halt.how, halt.by, context.signal);
      return {};
    },
    balancers: async (_, { signal }) => balancerReportToWire(await api.balancers(signal)),
    setBackends: async (request, context) =>
      balancerReportToWire(await api.setBackends(by(context, backendsRequestFromWire(request)), context.signal)),
    log: (request, { signal }) => map(api.log(logRequestFromWire(request), signal), logEventToWire),
    incidents: async (request, { signal }) => incidentReportToWire(await api.incidents(incidentsRequestFromWire(request), signal)),
    memory: async (request, { signal }) => memoryReportToWire(await api.memory(memoryRequestFromWire(request), signal)),
    perf: async (request, { signal }) => perfReportToWire(await api.perf(perfRequestFromWire(request), signal)),
    mails: async (_, { signal }) => mailReportToWire(await api.mails(signal)),
    testMail: async (_, { signal }) => mailTestToWire(await api.testMail(signal)),
    lock: async (_, { signal }) => lockReportToWire(await api.lock(signal)),
    removeLock: async (request, context) => lockReportToWire(await api.removeLock(by(context, request), context.signal)),
    diffConfig: async (_, { signal }) => configDiffToWire(await api.diffConfig(signal)),
  });
}

/** Who asks, and from where: with certificates it is whom the certificate names, at the address he comes from, whatever the request says. */
const by = <T extends { readonly by: string }>({ caller, peer }: Context, request: T): T =>
  caller.kind === 'operator' ? { ...request, by: `${caller.name}@${peer.replace(/:\d+$/, '')}` } : request;

interface Context {
  readonly caller: Caller;
  /** `ADDRESS:PORT`. */
  readonly peer: string;
}

const toWire = (events: AsyncIterable<OperationEvent>) => map(events, eventToWire);

async function* map<A, B>(source: AsyncIterable<A>, change: (item: A) => B): AsyncGenerator<B> {
  for await (const item of source) yield change(item);
}
