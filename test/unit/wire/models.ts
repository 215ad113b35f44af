import fc from 'fast-check';
import { AppError, ERROR_CODES } from '../../../shared/errors.js';
import type { AgentEvent } from '../../../shared/model/agent-event.js';
import type { CheckReport, Finding, ServiceReport } from '../../../shared/model/check-report.js';
import type { Plan, RunRequest } from '../../../shared/model/control-api.js';
import type { MemberResult, OperationEvent, OperationSummary } from '../../../shared/model/operation.js';
import { OUTCOMES, STEPS } from '../../../shared/model/operation.js';
import { REPAIR_ACTIONS, REPAIR_STATES, type RepairDecision } from '../../../shared/model/repair.js';
import { ARCHIVE_COMPRESSIONS, ROTATE_METHODS, type RotationSpec } from '../../../shared/model/rotation.js';
import { SERVICE_STATES } from '../../../shared/model/check-report.js';
import { BALANCER_KINDS, SERVICE_MANAGERS, SERVICE_TYPES, type ServiceSpec } from '../../../shared/model/service.js';
import type { AgentAnswer, AgentRequest, Command, Part, Report } from '../../../shared/wire/link-messages.js';
import { count, double, epoch, id, ok, orNull, pause, seconds, small, text, unmeasured, wait } from './arbitraries.js';
import { pages, probeOutcomes, probes, purgedPages, serviceMemories } from './measures.js';

/** Any value of each type that crosses the wire. */
const rotations: fc.Arbitrary<RotationSpec> = fc.record(
  {
    logs: fc.array(text),
    archiveDir: text,
    compress: fc.constantFrom(...ARCHIVE_COMPRESSIONS),
    keepDays: small,
    method: fc.constantFrom('auto' as const, ...ROTATE_METHODS),
    squid: fc.record({ exe: text, conf: text }),
  },
  { requiredKeys: ['logs', 'archiveDir', 'compress', 'keepDays', 'method'] },
);

const services: fc.Arbitrary<ServiceSpec> = fc.record(
  {
    name: text,
    type: fc.constantFrom(...SERVICE_TYPES),
    serviceName: text,
    manager: fc.constantFrom('auto' as const, ...SERVICE_MANAGERS),
    ip: text,
    port: fc.nat(65_535),
    pidFile: text,
    log: fc.record({ file: text, readyPattern: text, criticalPattern: text, ignorePattern: text }),
    balancer: fc.record(
      {
        kind: fc.constantFrom(...Object.values(BALANCER_KINDS)),
        conf: text,
        control: text,
        exe: text,
        apply: fc.constantFrom('auto' as const, 'control' as const, 'restart' as const),
        sessions: fc.constantFrom('wait' as const, 'delete' as const),
        backends: fc.array(text, { minLength: 1 }),
      },
      { requiredKeys: ['kind', 'conf', 'control', 'exe', 'apply', 'sessions'] },
    ),
    rotation: rotations,
    cache: fc.oneof(
      fc.record({ kind: fc.constant('squid' as const), folder: text, exe: text, conf: text }),
      fc.record({ kind: fc.constant('varnish' as const), admin: text, secretFile: text }),
    ),
  },
  { requiredKeys: ['name', 'type', 'serviceName', 'manager', 'ip', 'port'] },
);

const told = { id: text, at: epoch, service: text };
const agentEvents: fc.Arbitrary<AgentEvent> = fc.oneof(
  fc.record(
    {
      ...told,
      omitted: fc.integer({ min: 1, max: 0xffff_ffff }),
      kind: fc.constant('critical-entry' as const),
      entry: fc.record({ time: orNull(text), level: orNull(text), text }),
      file: text,
    },
    { requiredKeys: ['id', 'at', 'service', 'kind', 'entry', 'file'] },
  ),
  fc.record(
    { ...told, kind: fc.constant('died' as const), process: id, why: text, lastEntry: text },
    { requiredKeys: ['id', 'at', 'service', 'kind', 'process', 'why'] },
  ),
);

export const reports: fc.Arbitrary<Report> = fc.oneof(
  fc.record({ type: fc.constant('hello' as const), name: text, version: text, protocol: small, instance: text }),
  fc.record({ type: fc.constant('heartbeat' as const), at: epoch }),
  fc.record({ type: fc.constant('events' as const), events: fc.array(agentEvents), unreadable: fc.constant([]) }),
  fc.constant({ type: 'unknown' as const }),
);

const requests: fc.Arbitrary<AgentRequest> = fc.oneof(
  fc.constant({ verb: 'ping' as const }),
  fc.record({
    verb: fc.constantFrom('process', 'connections', 'log', 'start', 'balancer', 'rotation', 'rotate', 'purgePlan'),
    service: text,
  }),
  fc.record({ verb: fc.constant('observe' as const), service: text, log: fc.boolean() }),
  fc.record({
    verb: fc.constant('memories' as const),
    services: fc.array(text),
    query: fc.record({ tree: fc.boolean(), pss: fc.boolean() }),
  }),
  fc.record({
    verb: fc.constant('purge' as const),
    service: text,
    order: fc.record({ pages: fc.array(pages), stopDeadlineMs: wait, startDeadlineMs: wait }),
  }),
  fc.record({ verb: fc.constant('probe' as const), order: probes }),
  fc.record({ verb: fc.constant('stop' as const), service: text, order: fc.record({ replacing: id, deadlineMs: wait }) }),
  fc.record({
    verb: fc.constant('setBackend' as const),
    service: text,
    order: fc.record({ address: text, wanted: fc.constantFrom('in' as const, 'out' as const) }),
  }),
);

export const commands: fc.Arbitrary<Command> = fc.oneof(
  fc.record({ type: fc.constant('welcome' as const), session: text, heartbeatMs: pause, version: text, takesEvents: fc.boolean() }),
  fc.record({ type: fc.constant('assign' as const), services: fc.array(services), unreadable: fc.constant([]) }),
  fc.record({
    type: fc.constant('call' as const),
    call: fc.record({ id: text, timeoutMs: wait, commandId: orNull(text), request: requests }),
  }),
  fc.record({ type: fc.constant('cancel' as const), call: text }),
  fc.record({ type: fc.constant('taken' as const), ids: fc.array(text) }),
  fc.constant({ type: 'unknown' as const }),
);

const processes = fc.oneof(
  fc.record({ state: fc.constant('running' as const), process: id, startedAt: epoch }),
  fc.record({ state: fc.constant('starting' as const), why: text }),
  fc.record({ state: fc.constant('down' as const), why: text, failed: fc.boolean() }),
  fc.record({ state: fc.constant('unknown' as const), why: text }),
);
const place = fc.constantFrom('in' as const, 'out' as const, 'absent' as const);
const entry = fc.record({ time: orNull(text), level: orNull(text), text });
const logReports = fc.oneof(
  unmeasured,
  fc.record({ ok, since: orNull(text), findings: count, entries: fc.array(entry), last: orNull(entry) }),
);
const memory = fc.oneof(
  unmeasured,
  fc.record({ ok, process: id, rssKb: count, uptimeS: double, cpuMs: fc.option(count, { nil: undefined }) }),
);

const answers: fc.Arbitrary<AgentAnswer> = fc.oneof(
  fc.record({ verb: fc.constant('ping' as const), value: fc.record({ name: text, version: text, at: epoch }) }),
  fc.record({ verb: fc.constantFrom('process' as const, 'start' as const), value: processes }),
  fc.record({ verb: fc.constant('observe' as const), value: fc.record({ process: processes, memory, log: orNull(logReports) }) }),
  fc.record({
    verb: fc.constant('connections' as const),
    value: fc.oneof(
      unmeasured,
      fc.record({ ok, connections: fc.array(fc.record({ peer: text, silentMs: orNull(double), pending: fc.boolean() })) }),
    ),
  }),
  fc.record({ verb: fc.constant('log' as const), value: logReports }),
  fc.record({
    verb: fc.constant('stop' as const),
    value: fc.record({ how: fc.constantFrom('stopped' as const, 'killed' as const, 'gone' as const), ms: double }),
  }),
  fc.record({
    verb: fc.constant('balancer' as const),
    value: fc.record({
      name: text,
      driver: text,
      version: text,
      aliveIntervalS: double,
      backends: fc.array(
        fc.record({
          address: text,
          place: text,
          inFile: fc.oneof(place, fc.constant('unkept' as const)),
          inRuntime: fc.oneof(place, fc.constant('unknown' as const)),
          alive: orNull(fc.boolean()),
          sessions: orNull(count),
          inFlight: orNull(count),
        }),
      ),
    }),
  }),
  fc.record({ verb: fc.constant('memories' as const), value: fc.array(serviceMemories) }),
  fc.record({ verb: fc.constant('purgePlan' as const), value: fc.record({ details: fc.array(text), awayS: orNull(double) }) }),
  fc.record({
    verb: fc.constant('purge' as const),
    value: fc.record({ pages: fc.array(purgedPages), awayMs: orNull(double), notes: fc.array(text) }),
  }),
  fc.record({ verb: fc.constant('probe' as const), value: probeOutcomes }),
  fc.record({ verb: fc.constant('setBackend' as const), value: fc.constant(undefined) }),
  fc.record({
    verb: fc.constant('rotation' as const),
    value: fc.record({
      shortage: orNull(text),
      logs: fc.array(
        fc.record({
          ...{ log: text, method: orNull(fc.constantFrom(...ROTATE_METHODS)), sizeBytes: orNull(count) },
          ...{ archive: orNull(text), loss: orNull(text), why: orNull(text) },
        }),
      ),
    }),
  }),
  fc.record({
    verb: fc.constant('rotate' as const),
    value: fc.record({
      recovered: fc.array(text),
      removed: fc.array(text),
      logs: fc.array(
        fc.record({
          ...{ log: text, outcome: fc.constantFrom('rotated' as const, 'left' as const, 'failed' as const), bytes: count, ms: double },
          ...{ method: orNull(fc.constantFrom(...ROTATE_METHODS)), archive: orNull(text), why: orNull(text) },
          ...{ windowMs: orNull(double), pausedMs: orNull(double) },
        }),
      ),
    }),
  }),
);

export const errors: fc.Arbitrary<AppError> = fc
  .record({ code: fc.constantFrom(...ERROR_CODES), message: text, hint: fc.option(text, { nil: undefined }) })
  .map(({ code, message, hint }) => new AppError(code, message, { hint }));

export const parts: fc.Arbitrary<Part> = fc.record({
  session: text,
  call: text,
  outcome: fc.oneof(fc.record({ ok, answer: answers }), fc.record({ ok: fc.constant(false as const), error: errors })),
});

const findings: fc.Arbitrary<Finding> = fc.record({
  event: orNull(fc.constantFrom(1 as const, 2 as const, 3 as const, 4 as const, 5 as const)),
  kind: fc.constantFrom('tcp', 'http', 'memory', 'log', 'timeout', 'unmeasured', 'zeo', 'ping'),
  message: text,
  expected: orNull(text),
  got: orNull(text),
});

const serviceReports: fc.Arbitrary<ServiceReport> = fc.record({
  name: text,
  type: fc.constantFrom(...SERVICE_TYPES),
  host: text,
  pool: orNull(small),
  state: fc.constantFrom(...SERVICE_STATES),
  balancer: fc.constantFrom('in', 'out', 'dead', 'none', 'unknown'),
  at: orNull(epoch),
  tcp: orNull(fc.oneof(unmeasured, fc.record({ ok, ms: double }))),
  http: orNull(
    fc.oneof(
      unmeasured,
      fc.record({ ok: fc.constant(false as const), why: text, status: small }),
      fc.record({ ok, status: small, ms: double, bytes: count }),
    ),
  ),
  memory: orNull(
    fc.oneof(unmeasured, fc.record({ ok, rssKb: count, limitKb: count, process: id, uptimeS: double, growthKbPerH: orNull(double) })),
  ),
  log: orNull(fc.oneof(unmeasured, fc.record({ ok, since: orNull(text), findings: count }))),
  findings: fc.array(findings, { maxLength: 3 }),
});

export const checkReports: fc.Arbitrary<CheckReport> = fc.record({
  at: epoch,
  exit: small,
  services: fc.array(serviceReports, { maxLength: 4 }),
  warnings: fc.array(text),
});

const actions = fc.constantFrom('start' as const, 'restart' as const, 'stop' as const, 'rotate', 'repair');
const step = fc.constantFrom(...STEPS);
const planSteps = fc.record({ step, service: orNull(text), batch: small, pool: orNull(small), detail: orNull(text) });
const members: fc.Arbitrary<MemberResult> = fc.record({
  name: text,
  result: fc.constantFrom('done', 'failed', 'untouched', 'skipped'),
  why: orNull(text),
  lastLogEntry: orNull(text),
  stepsMs: fc.uniqueArray(fc.tuple(step, double), { selector: ([name]) => name }).map((pairs) => Object.fromEntries(pairs)),
});

const decisions: fc.Arbitrary<RepairDecision> = fc.record({
  service: text,
  state: fc.constantFrom(...REPAIR_STATES),
  action: fc.constantFrom(...REPAIR_ACTIONS),
  reason: text,
});

export const plans: fc.Arbitrary<Plan> = fc.record(
  {
    steps: fc.array(planSteps),
    warnings: fc.array(text),
    interrupts: fc.array(text),
    decisions: fc.array(decisions, { minLength: 1 }),
  },
  { requiredKeys: ['steps', 'warnings', 'interrupts'] },
);

export const events: fc.Arbitrary<OperationEvent> = fc.oneof(
  fc.record({ type: fc.constant('started' as const), operation: text, action: actions, at: epoch, plan: fc.array(planSteps) }),
  fc.record({
    type: fc.constant('step' as const),
    operation: text,
    service: text,
    step,
    state: fc.constantFrom('begin' as const, 'end' as const),
    at: epoch,
    ms: orNull(double),
    detail: orNull(text),
  }),
  fc.record({ type: fc.constant('note' as const), operation: text, service: orNull(text), at: epoch, message: text }),
  fc.record({
    type: fc.constant('result' as const),
    result: fc.record({
      operation: text,
      action: actions,
      outcome: fc.constantFrom(...OUTCOMES),
      exit: small,
      seconds: double,
      why: orNull(text),
      services: fc.array(members, { maxLength: 4 }),
    }),
  }),
);

export const summaries: fc.Arbitrary<OperationSummary> = fc.record({
  id: text,
  action: actions,
  state: fc.constantFrom('running', 'completed', 'halted', 'aborted', 'interrupted'),
  started: epoch,
  ended: orNull(epoch),
  by: text,
  done: fc.array(text),
  failed: fc.array(text),
  untouched: fc.array(text),
});

export const runRequests: fc.Arbitrary<RunRequest> = fc.record(
  {
    action: actions,
    selectors: fc.array(text),
    by: text,
    force: fc.boolean(),
    oldForm: fc.boolean(),
    maxFail: orNull(small),
    batch: orNull(text),
    deadlineS: orNull(seconds),
    rotate: fc.constant(true as const),
    purge: fc.constant(true as const),
    urls: fc.array(text, { minLength: 1 }),
    path: text,
    canary: small,
    canaryWaitS: seconds,
    minHealthyS: seconds,
  },
  { requiredKeys: ['action', 'selectors', 'by', 'force', 'oldForm', 'maxFail', 'batch', 'deadlineS'] },
);
