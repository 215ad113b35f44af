import { AppError } from '../../shared/errors.js';
import type { BalancerReport } from '../../shared/model/balancer-report.js';
import type { CheckReport } from '../../shared/model/check-report.js';
import type { ConfigDiff } from '../../shared/model/config-diff.js';
import type { BackendsRequest, ControlApi, Plan, RunRequest } from '../../shared/model/control-api.js';
import type { Incident } from '../../shared/model/incident.js';
import type { LockHolder } from '../../shared/model/lock.js';
import type { MailReport, MailTest } from '../../shared/model/mail.js';
import type { LogEvent } from '../../shared/model/log-search.js';
import type { RepairDecision } from '../../shared/model/repair.js';
import type { MemoryReport } from '../../shared/model/memory-report.js';
import type { PerfReport } from '../../shared/model/perf.js';
import type { OperationEvent, OperationSummary } from '../../shared/model/operation.js';
import { endOf, FAKE_OPERATION, type FakeRoll, fakeRoll, planSteps, type RollScript } from './fake-roll.js';
import { FAKE_NOW, wellBalancers, wellClient } from './well-cluster.js';

/** What a controller would do, told beforehand. A cluster of two pools with two running clients each, all of them well. */
export interface FakeControlScript extends RollScript {
  readonly clients?: readonly string[];
  /** The stream breaks after so many events. */
  readonly loseLinkAfter?: number;
  /** `plan` and `run` reject with it. */
  readonly refuse?: AppError;
  /** `plan` and `run` reject with it unless the request accepts interruption (the old form, or confirmed). */
  readonly refuseUnlessAccepted?: AppError;
  readonly report?: CheckReport;
  readonly balancers?: BalancerReport;
  /** What `plan` decides for a repair. */
  readonly decisions?: readonly RepairDecision[];
  readonly operations?: readonly OperationSummary[];
  readonly diff?: ConfigDiff;
  /** What `plan` answers. */
  readonly plan?: Plan;
  readonly memory?: MemoryReport;
  readonly perf?: PerfReport;
  readonly incidents?: readonly Incident[];
  readonly mails?: MailReport;
  /** Without it no mail is configured. */
  readonly mailTest?: MailTest;
  /** Who holds the lock. */
  readonly holder?: LockHolder;
  /** What `log` streams. */
  readonly logEvents?: readonly LogEvent[];
  /** `check` and `status` never answer; they end with their signal. */
  readonly deaf?: boolean;
}

export interface FakeControl extends ControlApi {
  /** What was asked of it, in order: `run start`, `halt op-1 interrupted`, … */
  readonly calls: string[];
  readonly requests: RunRequest[];
  readonly orders: BackendsRequest[];
  /** Who resumed and halted, in order. */
  readonly askers: string[];
  /** Resolves when the roll waits on `stuckOn`. */
  readonly stuck: Promise<undefined>;
  closed: boolean;
  close(): void;
}

const CLIENTS = ['zeoclient1.1', 'zeoclient1.2', 'zeoclient2.1', 'zeoclient2.2'];
/** An in-memory controller that keeps to the contract of `ControlApi`; its events come without any delay. */
export function createFakeControl(script: FakeControlScript = {}): FakeControl {
  const clients = script.clients ?? CLIENTS;
  const calls: string[] = [];
  const requests: RunRequest[] = [];
  const orders: BackendsRequest[] = [];
  const askers: string[] = [];
  const halted = latch<'interrupted' | 'aborted'>();
  const stuck = latch<undefined>();
  const switches = { halted: halted.promise, stuck: () => stuck.resolve(undefined) };
  const roll = (what: FakeRoll, signal: AbortSignal) => fakeRoll(script, what, switches, signal);

  const chosen = (request: RunRequest) =>
    request.selectors.length === 0 ? clients : clients.filter((name) => request.selectors.includes(name));
  const judge = (request: RunRequest) => {
    const unknown = request.selectors.find((name) => !clients.includes(name));
    if (unknown !== undefined) throw new AppError('usage', `no service ${unknown}`, { hint: `did you mean ${clients[0] ?? ''}?` });
    if (script.refuse !== undefined) throw script.refuse;
    if (script.refuseUnlessAccepted !== undefined && !request.oldForm && !request.force) throw script.refuseUnlessAccepted;
  };

  async function* breaking(events: AsyncGenerator<OperationEvent>): AsyncGenerator<OperationEvent> {
    let seen = 0;
    for await (const event of events) {
      if (seen++ === script.loseLinkAfter) throw new AppError('unreachable', 'the controller does not answer any more');
      yield event;
    }
  }

  const report = script.report ?? { at: FAKE_NOW, exit: 0, services: clients.map(wellClient), warnings: [] };
  const answer = (signal: AbortSignal) => (script.deaf === true ? endOf(signal) : Promise.resolve(report));
  const fake: FakeControl = {
    calls,
    requests,
    orders,
    askers,
    stuck: stuck.promise,
    closed: false,
    close: () => void (fake.closed = true),
    check(request, signal) {
      calls.push(`check ${request.selectors.join(',')} ${request.path ?? ''}`.trim() + (request.noMail === true ? ' no-mail' : ''));
      return answer(signal);
    },
    status(request, signal) {
      calls.push(`status ${request.selectors.join(',')}`.trim());
      return answer(signal);
    },
    async plan(request): Promise<Plan> {
      calls.push(`plan ${request.action}`);
      if (script.plan !== undefined) return script.plan;
      judge(request);
      const names = chosen(request);
      const { decisions } = script;
      return {
        steps: planSteps(names, request.action),
        warnings: [],
        interrupts: names,
        ...(decisions === undefined ? {} : { decisions }),
      };
    },
    async *run(request, signal) {
      calls.push(`run ${request.action}`);
      requests.push(request);
      judge(request);
      yield* breaking(roll({ names: chosen(request), action: request.action, maxFail: request.maxFail ?? 0 }, signal));
    },
    async operations() {
      calls.push('operations');
      return script.operations ?? [];
    },
    async *events(id, options, signal) {
      calls.push(`events ${id}${options.follow ? ' follow' : ''}`);
      if (id !== FAKE_OPERATION) throw new AppError('not-found', `no operation ${id}`, { hint: '`ctl operations list` names them' });
      for await (const event of breaking(roll({ names: clients, action: 'start' }, signal))) {
        yield event;
        if (!options.follow && event.type === 'note') return;
      }
    },
    async *resume(id, by, signal) {
      calls.push(`resume ${id}`);
      askers.push(by);
      if (id !== FAKE_OPERATION) throw new AppError('not-found', `no operation ${id}`, { hint: '`ctl operations list` names them' });
      yield* breaking(roll({ names: clients.slice(1), action: 'start' }, signal));
    },
    async memory({ selectors, tree, pss }) {
      calls.push(`memory ${selectors.join(',')}${tree ? ' tree' : ''}${pss ? ' pss' : ''}`);
      const services = report.services.map((one) => ({ report: one, pss: null, tree: null }));
      return script.memory ?? { at: FAKE_NOW, exit: report.exit, services, warnings: [] };
    },
    async perf({ selectors }) {
      calls.push(`perf ${selectors.join(',')}`);
      return script.perf ?? { from: FAKE_NOW - 604_800_000, to: FAKE_NOW, rows: [], warnings: [] };
    },
    async diffConfig() {
      calls.push('diffConfig');
      return script.diff ?? { file: '/etc/ctl/cluster.ini', loadedAt: FAKE_NOW, changes: [], refusals: [] };
    },
    async incidents({ selectors, open, since }) {
      calls.push(`incidents ${selectors.join(',')} open=${open} since=${since}`);
      return { incidents: script.incidents ?? [] };
    },
    async lock() {
      calls.push('lock');
      return { path: '/etc/ctl/ctl.lock', holder: script.holder ?? null, removed: null };
    },
    async mails() {
      calls.push('mails');
      return (
        script.mails ?? { server: 'mail.example.org:25', to: ['ops@example.org'], waiting: [], givenUp: [], blocked: null, nextTry: null }
      );
    },
    async testMail() {
      calls.push('testMail');
      if (script.mailTest === undefined) throw new AppError('config', 'no mail is configured', { hint: 'set toaddrs' });
      return script.mailTest;
    },
    async removeLock({ force }) {
      calls.push(`removeLock${force ? ' force' : ''}`);
      const { holder = null } = script;
      if (holder?.alive === true && !force)
        throw new AppError('conflict', `${holder.what} by ${holder.by} holds the lock`, { hint: 'wait for it' });
      return { path: '/etc/ctl/ctl.lock', holder: null, removed: holder };
    },
    async *log({ selectors, query }) {
      calls.push(`log ${selectors.join(',')} ${JSON.stringify(query)}`);
      yield* script.logEvents ?? [];
    },
    async halt(id, how, by) {
      calls.push(`halt ${id} ${how}`);
      askers.push(by);
      halted.resolve(how);
    },
    async balancers() {
      calls.push('balancers');
      return script.balancers ?? wellBalancers(clients);
    },
    async setBackends(request) {
      calls.push(`balancer ${request.wanted} ${request.selectors.join(',')}`);
      orders.push(request);
      if (script.refuse !== undefined) throw script.refuse;
      return script.balancers ?? wellBalancers(clients);
    },
  };
  return fake;
}

function latch<T>(): { readonly promise: Promise<T>; resolve(value: T): void } {
  let resolve: (value: T) => void = () => undefined;
  const promise = new Promise<T>((settle) => (resolve = settle));
  return { promise, resolve };
}
