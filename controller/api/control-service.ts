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
    run: (request, { caller, signal }) => toWire(api.run(by(caller, runRequestFromWire(request)), signal)),
    operations: async (_, { signal }) => ({ operations: (await api.operations(signal)).map(summaryToWire) }),
    events: ({ id, follow }, { signal }) => toWire(api.events(id, { follow }, signal)),
    resume: (request, { caller, signal }) => toWire(api.resume(request.id, by(caller, request).by, signal)),
    async halt(request, { caller, signal }) {
      const halt = by(caller, haltFromWire(request));
      await api.halt(halt.id, halt.how, halt.by, signal);
      return {};
    },
    balancers: async (_, { signal }) => balancerReportToWire(await api.balancers(signal)),
    setBackends: async (request, { caller, signal }) =>
      balancerReportToWire(await api.setBackends(by(caller, backendsRequestFromWire(request)), signal)),
    log: (request, { signal }) => map(api.log(logRequestFromWire(request), signal), logEventToWire),
    incidents: async (request, { signal }) => incidentReportToWire(await api.incidents(incidentsRequestFromWire(request), signal)),
    memory: async (request, { signal }) => memoryReportToWire(await api.memory(memoryRequestFromWire(request), signal)),
    perf: async (request, { signal }) => perfReportToWire(await api.perf(perfRequestFromWire(request), signal)),
    mails: async (_, { signal }) => mailReportToWire(await api.mails(signal)),
    testMail: async (_, { signal }) => mailTestToWire(await api.testMail(signal)),
    lock: async (_, { signal }) => lockReportToWire(await api.lock(signal)),
    removeLock: async (request, { caller, signal }) => lockReportToWire(await api.removeLock(by(caller, request), signal)),
    diffConfig: async (_, { signal }) => configDiffToWire(await api.diffConfig(signal)),
  });
}

/** Who asks: where there are certificates it is whom the certificate names, whatever the request says. */
const by = <T extends { readonly by: string }>(caller: Caller, request: T): T =>
  caller.kind === 'operator' ? { ...request, by: caller.name } : request;

const toWire = (events: AsyncIterable<OperationEvent>) => map(events, eventToWire);

async function* map<A, B>(source: AsyncIterable<A>, change: (item: A) => B): AsyncGenerator<B> {
  for await (const item of source) yield change(item);
}
