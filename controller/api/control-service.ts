import type { ControlApi } from '../../shared/model/control-api.js';
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
import { lockReportToWire } from '../../shared/wire/lock.js';
import { ControlDefinition } from '../../shared/wire/definitions.js';

/** The API of the controller as a service of its server: each method is one call. */
export function createControlService(api: ControlApi): RpcService {
  return rpcService(ControlDefinition, {
    check: async (request, { signal }) => checkReportToWire(await api.check(checkRequestFromWire(request), signal)),
    status: async (request, { signal }) => checkReportToWire(await api.status(statusRequestFromWire(request), signal)),
    plan: async (request, { signal }) => planToWire(await api.plan(runRequestFromWire(request), signal)),
    run: (request, { signal }) => toWire(api.run(runRequestFromWire(request), signal)),
    operations: async (_, { signal }) => ({ operations: (await api.operations(signal)).map(summaryToWire) }),
    events: ({ id, follow }, { signal }) => toWire(api.events(id, { follow }, signal)),
    resume: ({ id, by }, { signal }) => toWire(api.resume(id, by, signal)),
    async halt(request, { signal }) {
      const { id, how, by } = haltFromWire(request);
      await api.halt(id, how, by, signal);
      return {};
    },
    balancers: async (_, { signal }) => balancerReportToWire(await api.balancers(signal)),
    setBackends: async (request, { signal }) => balancerReportToWire(await api.setBackends(backendsRequestFromWire(request), signal)),
    log: (request, { signal }) => map(api.log(logRequestFromWire(request), signal), logEventToWire),
    memory: async (request, { signal }) => memoryReportToWire(await api.memory(memoryRequestFromWire(request), signal)),
    perf: async (request, { signal }) => perfReportToWire(await api.perf(perfRequestFromWire(request), signal)),
    lock: async (_, { signal }) => lockReportToWire(await api.lock(signal)),
    removeLock: async (request, { signal }) => lockReportToWire(await api.removeLock(request, signal)),
    diffConfig: async (_, { signal }) => configDiffToWire(await api.diffConfig(signal)),
  });
}

const toWire = (events: AsyncIterable<OperationEvent>) => map(events, eventToWire);

async function* map<A, B>(source: AsyncIterable<A>, change: (item: A) => B): AsyncGenerator<B> {
  for await (const item of source) yield change(item);
}
