import { audited } from '../actions/audit.js';
import { check } from '../actions/check.js';
import { listIncidents } from '../actions/incidents.js';
import { createLockActions } from '../actions/lock.js';
import { searchLogs } from '../actions/log.js';
import { createMailActions } from '../actions/mail.js';
import { measureMemory } from '../actions/mem.js';
import { perf } from '../actions/perf.js';
import { status } from '../actions/status.js';
import { selectIn } from '../config/select.js';
import type { ConfigSource } from '../config/source.js';
import { skewWarnings } from '../fleet/skew.js';
import { withQuietCalls } from '../notify/quiet-calls.js';
import type { Parts } from '../parts.js';
import type { LockDeps } from '../rolling/lock.js';
import type { CheckReport } from '../../shared/model/check-report.js';
import type { ControlApi } from '../../shared/model/control-api.js';
import type { WallClock } from '../../shared/ports/clock.js';

export interface ControlApiDeps {
  readonly source: ConfigSource;
  readonly clock: WallClock;
  readonly lock: LockDeps;
}

/** What `ctl` can ask of a controller that is made of these parts. */
export function createControlApi(parts: Parts, { source, clock, lock }: ControlApiDeps): ControlApi {
  const { audit, notifier, fleet, operations, balancer, lastSeen, history, care } = parts;
  const config = () => source.current();
  const seen = { select: selectIn(source, 'frontends and clients'), lastSeen, clock };
  const clients = selectIn(source, 'clients');
  const warned = (report: CheckReport): CheckReport => ({
    ...report,
    warnings: [...source.warnings(), ...skewWarnings(fleet.hosts(), report), ...report.warnings],
  });
  const api: ControlApi = {
    check: async (request, signal) =>
      warned(await check({ ...seen, rounds: care, hosts: () => fleet.hosts(), mails: () => notifier.report() }, request, signal)),
    status: async (request) => warned(status(seen, request)),
    incidents: (request) => listIncidents({ ...seen, history }, request),
    memory: (request, signal) => measureMemory({ select: clients, fleet, samples: history.samples, clock }, request, signal),
    perf: (request, signal) => perf({ ...seen, config }, request, signal),
    log: (request, signal) => searchLogs({ select: clients, fleet }, request, signal),
    plan: (request, signal) => operations.plan(request, signal),
    run: (request, signal) => operations.run(request, signal),
    operations: (signal) => operations.operations(signal),
    events: (id, options, signal) => operations.events(id, options, signal),
    resume: (id, by, signal) => operations.resume(id, by, signal),
    halt: (id, how, by, signal) => operations.halt(id, how, by, signal),
    balancers: (signal) => balancer.balancers(signal),
    setBackends: (request, signal) => balancer.setBackends(request, signal),
    ...createLockActions(config, lock),
    ...createMailActions(config, clock),
    mails: async () => notifier.report(),
    diffConfig: () => source.diff(),
  };
  return audited(withQuietCalls(api, notifier), audit);
}
