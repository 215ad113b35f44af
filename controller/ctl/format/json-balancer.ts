import type { BackendView, BalancerReport } from '../../../shared/model/balancer-report.js';
import type { BalancerInvocation } from '../typed/actions/balancer.js';
import { isoTime } from './units.js';

/** `ctl balancer status|out|in --json`: one document. */
export const balancersToJson = (action: BalancerInvocation['action'], report: BalancerReport): object => ({
  schema: 1,
  action,
  exit: report.exit,
  at: isoTime(report.at),
  balancers: report.balancers.map(({ name, host, driver, version, why, backends }) => ({
    name,
    host,
    driver,
    version,
    why,
    backends: backends.map(backendToJson),
  })),
  drift: report.drift,
  notes: report.notes,
});

/** What a balancer does not tell, or keeps in no file, is null. */
const backendToJson = (backend: BackendView): object => ({
  service: backend.service,
  address: backend.address,
  place: backend.place,
  in_file: backend.inFile === 'unkept' ? null : backend.inFile,
  in_runtime: backend.inRuntime,
  alive: backend.alive,
  sessions: backend.sessions,
  in_flight: backend.inFlight,
  reason: backend.hold?.reason ?? null,
  until: backend.hold?.until == null ? null : isoTime(backend.hold.until),
  by: backend.hold?.by ?? null,
});
