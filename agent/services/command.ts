import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { linkSignals } from '../../shared/abort.js';
import { AppError } from '../../shared/errors.js';
import { pidOf, type ProcessState } from '../../shared/model/process.js';
import type { ServiceSpec } from '../../shared/model/service.js';
import { atMost, type Clock } from '../../shared/ports/clock.js';
import type { Account, Argv, Exec } from '../../shared/ports/exec.js';
import { spawnDetached } from '../../shared/ports/spawn-detached.js';
import type { CommandSection } from '../config/config.js';
import { resolveAccount, uidOfUser } from './account.js';
import { endProcess } from './ending.js';
import { createEvidence, type StartMemory } from './evidence.js';
import { judge, type Judgement } from './judge.js';
import type { ServiceManager } from './manager.js';
import type { Processes } from './processes.js';
import { createSystemctl } from './systemctl.js';
import { createTransientUnits, unitOfStart } from './transient-unit.js';
import { createRecordStore, fileNameOf, type ServiceRecord } from './record.js';

export interface CommandManagerDeps {
  /** By NAME, which is the `service_name` of a service. */
  readonly commands: ReadonlyMap<string, CommandSection>;
  readonly stateDir: string;
  readonly processes: Processes;
  readonly clock: Clock;
  readonly exec: Exec;
  /** The environment of the services. */
  readonly env: Readonly<Record<string, string>>;
  readonly uid: number;
  /** systemd is in charge of this host. */
  readonly booted: boolean;
}

/**
 * Services that are started and stopped by commands of agent.ini. A start command may stay in the foreground (then its process is
 * the service), leave a daemon and end well (`starting`, until the pid file names it), or fail.
 */
export function createCommandManager(deps: CommandManagerDeps): ServiceManager {
  const { clock, processes, exec } = deps;
  const folder = join(deps.stateDir, 'services');
  const records = createRecordStore(folder);
  /** What only we can know while we live: how our own children ended. */
  const memory = new Map<string, StartMemory>();
  const outputOf = (spec: ServiceSpec) => join(folder, `${fileNameOf(spec.serviceName)}.out`);
  // Only root may have a unit made; without systemd a session of its own has to do.
  const units = deps.booted && deps.uid === 0 ? createTransientUnits(exec, createSystemctl(exec, deps.env)) : null;
  const uids = new Map<string, number>();
  const endOf = async (unit: string, signal: AbortSignal) => (await units?.lookAt(unit, signal))?.ended ?? null;
  const evidence = createEvidence({ processes, records, clock, outputOf, memory, uidOf, endOf });

  async function observe(spec: ServiceSpec, signal: AbortSignal) {
    const seen = await evidence(spec, signal);
    return { seen, judgement: judge(seen) };
  }

  async function uidOf(spec: ServiceSpec, signal: AbortSignal): Promise<number | null> {
    const { user } = sectionOf(spec);
    if (user === null) return null;
    const uid = uids.get(user) ?? (await uidOfUser(user, exec, signal));
    uids.set(user, uid);
    return uid;
  }

  async function stateOf(judgement: Judgement): Promise<ProcessState> {
    if (judgement.state !== 'running') return judgement;
    return { state: 'running', process: judgement.process.id, startedAt: await processes.startedAt(judgement.process) };
  }

  return {
    async state(spec, signal) {
      sectionOf(spec);
      return stateOf((await observe(spec, signal)).judgement);
    },

    async start(spec, signal) {
      const section = sectionOf(spec);
      const { judgement } = await observe(spec, signal);
      if (judgement.state === 'unknown')
        throw new AppError('failed', `${spec.name} was not started: ${judgement.why}`, {
          hint: 'it may be running; see to it on its host',
        });
      if (judgement.state === 'down') await run(spec, section, signal);
      return stateOf((await observe(spec, signal)).judgement);
    },

    async stop(spec, order, signal) {
      const section = sectionOf(spec);
      const { seen, judgement } = await observe(spec, signal);
      const target = await processes.inspect(pidOf(order.replacing));
      if (target === 'hidden') throw new AppError('failed', `${spec.name}: process ${order.replacing} is hidden from this agent`);
      if (target === 'gone' || target.id !== order.replacing) return { how: 'gone', ms: 0 };
      const own = [judgement.state === 'running' ? judgement.process.id : null, seen.record?.process];
      if (!own.includes(target.id)) {
        if (judgement.state === 'unknown') throw new AppError('failed', `${spec.name} was not stopped: ${judgement.why}`);
        return { how: 'gone', ms: 0 };
      }
      if (seen.record !== null) await records.write(spec.serviceName, { ...seen.record, stopping: true });
      const account = await resolveAccount(section.user, exec, deps, signal);
      const { stop } = section;
      const result = await endProcess(
        {
          target,
          service: spec.name,
          startedPid: seen.record?.process == null ? null : pidOf(seen.record.process),
          deadlineMs: order.deadlineMs,
          ask: stop === null ? null : (over) => runStop(spec, { ...section, stop }, account, order.deadlineMs, [signal, over]),
        },
        processes,
        clock,
        signal,
      );
      if (seen.record?.unit != null) await units?.discard(seen.record.unit, signal);
      return result;
    },
  };

  function sectionOf(spec: ServiceSpec): CommandSection {
    const section = deps.commands.get(spec.serviceName);
    if (section !== undefined) return section;
    throw new AppError('config', `${spec.name}: agent.ini has no section [command ${spec.serviceName}]`, {
      hint: 'add it, or set service_manager in cluster.ini',
    });
  }

  async function run(spec: ServiceSpec, section: CommandSection, signal: AbortSignal): Promise<void> {
    const account = await resolveAccount(section.user, exec, deps, signal);
    const token = randomUUID();
    const unit = units === null ? null : unitOfStart(spec.serviceName, token);
    const begun: ServiceRecord = {
      bootId: await processes.bootId(),
      token,
      at: clock.now(),
      process: null,
      unit,
      ended: null,
      stopping: false,
    };
    const before = await records.read(spec.serviceName);
    if (before?.unit != null) await units?.discard(before.unit, signal);
    await records.write(spec.serviceName, begun);
    memory.delete(spec.serviceName);
    const env = { ...environment(section, account), CTL_SERVICE: token };
    if (units === null || unit === null) {
      await runAsChild(spec, section.start, env, account, begun);
      return;
    }
    const job = { unit, description: `${spec.serviceName}, started by ctl-agent`, argv: section.start, env, account };
    await units.start({ ...job, outputFile: outputOf(spec) }, signal).catch((error: unknown) => notRun(spec, begun, error));
    await noteProcess(spec, begun, (await units.lookAt(unit, signal))?.pid ?? 0);
    await atMost(SETTLE_MS, new Promise(() => undefined), clock);
  }

  /** As a shell would say it; the error itself goes to whoever asked. One that was given up may have begun. */
  async function notRun(spec: ServiceSpec, begun: ServiceRecord, error: unknown): Promise<never> {
    const inconclusive = error instanceof AppError && (error.code === 'cancelled' || error.code === 'timeout');
    if (!inconclusive) await records.write(spec.serviceName, { ...begun, ended: { code: COMMAND_NOT_RUN, signal: null, at: clock.now() } });
    throw error;
  }

  async function runAsChild(
    spec: ServiceSpec,
    argv: Argv,
    env: Readonly<Record<string, string>>,
    account: Account | null,
    begun: ServiceRecord,
  ): Promise<void> {
    const options = { cwd: '/', env, outputFile: outputOf(spec), ...(account === null ? {} : { account }) };
    const child = await spawnDetached(argv, options).catch((error: unknown) => notRun(spec, begun, error));
    const record = await noteProcess(spec, begun, child.pid);
    const start: StartMemory = { token: begun.token, foreground: false, ended: null };
    memory.set(spec.serviceName, start);
    const noted = child.ended.then((end) => void (start.ended = { ...end, at: clock.now() }));
    await atMost(SETTLE_MS, noted, clock);
    if (start.ended !== null) await records.write(spec.serviceName, { ...record, ended: start.ended });
  }

  async function noteProcess(spec: ServiceSpec, begun: ServiceRecord, pid: number): Promise<ServiceRecord> {
    const started = pid === 0 ? 'gone' : await processes.inspect(pid);
    const record = { ...begun, process: typeof started === 'string' ? null : started.id };
    await records.write(spec.serviceName, record);
    return record;
  }

  async function runStop(
    spec: ServiceSpec,
    section: CommandSection & { readonly stop: Argv },
    account: Account | null,
    timeoutMs: number,
    signals: readonly AbortSignal[],
  ): Promise<void> {
    using linked = linkSignals(signals);
    const { signal } = linked;
    const { stop: argv } = section;
    if (units !== null) {
      const job = {
        unit: unitOfStart(`${spec.serviceName}-stop`, randomUUID()),
        description: `stop of ${spec.serviceName} by ctl-agent`,
        argv,
      };
      await units.run({ ...job, env: environment(section, account), account }, { timeoutMs, signal });
      return;
    }
    const { code, stderr, stdout } = await exec(argv, {
      timeoutMs,
      signal,
      cwd: '/',
      env: deps.env,
      ...(account === null ? {} : { account }),
    });
    if (code !== 0)
      throw new AppError('failed', `${argv.join(' ')} ended with ${code ?? 'a signal'}: ${lastLine(stderr === '' ? stdout : stderr)}`);
  }

  function environment(section: CommandSection, account: Account | null): Record<string, string> {
    if (account === null || section.user === null) return { ...deps.env };
    // Without HOME programs ask the user database, and get the right one.
    const withoutHome = Object.fromEntries(Object.entries(deps.env).filter(([name]) => name !== 'HOME'));
    return { ...withoutHome, USER: section.user, LOGNAME: section.user };
  }
}

/** A start command that fails at once, or has left its daemon at once, is told in the answer to `start`; others later, by `state`. */
const SETTLE_MS = 200;
const COMMAND_NOT_RUN = 127;

const lastLine = (text: string) => text.trimEnd().split('\n').at(-1) ?? '';
