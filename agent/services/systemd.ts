import { access } from 'node:fs/promises';
import { throwIfAborted } from '../../shared/abort.js';
import { AppError, isErrno, messageOf } from '../../shared/errors.js';
import { pidOf, type ProcessId } from '../../shared/model/process.js';
import type { StopOrder, StopResult } from '../../shared/model/agent-api.js';
import type { ServiceSpec } from '../../shared/model/service.js';
import type { Clock } from '../../shared/ports/clock.js';
import { processOfService } from './main-process.js';
import type { ServiceManager } from './manager.js';
import type { Inspected, ProcessFacts, Processes } from './processes.js';
import type { Systemctl } from './systemctl.js';
import { hitStartLimit, judgeUnit, ranNoProgram, waitsToRestart, type Unit } from './systemd-unit.js';

export interface SystemdManagerDeps {
  readonly systemctl: Systemctl;
  readonly processes: Processes;
  readonly clock: Clock;
}

/** Whether systemd is in charge of this host, as sd_booted(3) tells it. */
export async function isBootedBySystemd(): Promise<boolean> {
  try {
    await access('/run/systemd/system');
    return true;
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return false;
    throw error;
  }
}

/**
 * Units of systemd: `service_name` is the unit, with or without `.service`. How it is stopped, and what goes with it, its unit says.
 *
 * systemd stops a unit, not a process. Between our look at the process and its stop lie a few milliseconds in which `Restart=` can put
 * another there; that one, just born, is then stopped instead.
 */
export function createSystemdManager({ systemctl, processes, clock }: SystemdManagerDeps): ServiceManager {
  return {
    async state(spec, signal) {
      const name = unitOf(spec);
      let unit: Unit;
      try {
        unit = await known(spec, name, signal);
      } catch (error) {
        throwIfAborted(signal);
        if (error instanceof AppError && error.code === 'not-found') throw error;
        return { state: 'unknown', why: messageOf(error) };
      }
      const judgement = judgeUnit(unit);
      if (judgement.state === 'down' && judgement.failed) {
        const output = await systemctl.lastOutput(unit.invocation, signal);
        return output === '' ? judgement : { ...judgement, why: `${judgement.why}: ${output}` };
      }
      if (judgement.state !== 'process') return judgement;
      const { service } = await lookAt(unit, spec);
      if (service === 'hidden') return { state: 'unknown', why: `process ${unit.mainPid} is hidden from this agent` };
      if (service !== 'gone') return { state: 'running', process: service.id, startedAt: await processes.startedAt(service) };
      if (unit.mainPid > 0) return { state: 'unknown', why: `its main process ${unit.mainPid} has just ended` };
      return {
        state: 'unknown',
        why: `${name} is ${unit.active} (${unit.sub}), and systemd knows no main process: its pid_file has to name it`,
      };
    },

    async start(spec, signal) {
      const name = unitOf(spec);
      const unit = await known(spec, name, signal);
      if (judgeUnit(unit).state !== 'process' || unit.active === 'deactivating') await launch(spec, name, unit, signal);
      return this.state(spec, signal);
    },

    async stop(spec, order, signal) {
      const name = unitOf(spec);
      const unit = await known(spec, name, signal);
      const { main, service } = await lookAt(unit, spec);
      const own = [main, service].filter((process) => typeof process === 'object');
      if (!own.some(({ id }) => id === order.replacing)) {
        if (main === 'hidden' || service === 'hidden' || (judgeUnit(unit).state === 'process' && own.length === 0))
          await mustBeGone(spec, name, order.replacing);
        // Its process is gone, and the next one would come by itself.
        if (waitsToRestart(unit)) await systemctl.order('stop', name, signal);
        return { how: 'gone', ms: 0 };
      }
      return end(spec, name, own, order, signal);
    },
  };

  /** A unit that systemd has. */
  async function known(spec: ServiceSpec, name: string, signal: AbortSignal): Promise<Unit> {
    const unit = await systemctl.show(name, signal);
    if (unit.load !== 'not-found' || unit.mainPid > 0 || unit.active === 'active') return unit;
    throw new AppError('not-found', `${spec.name}: systemd has no unit ${name}`, {
      hint: 'see service_name in cluster.ini, and `systemctl list-unit-files`; a new unit file needs `systemctl daemon-reload`',
    });
  }

  async function lookAt(unit: Unit, spec: ServiceSpec): Promise<{ main: Inspected; service: Inspected }> {
    const main = unit.mainPid > 0 ? await processes.inspect(unit.mainPid) : 'gone';
    return { main, service: await processOfService(main, spec, processes, (named) => isOf(unit, named)) };
  }

  async function isOf({ controlGroup }: Unit, process: ProcessFacts): Promise<boolean> {
    const group = controlGroup === '' ? null : await processes.controlGroupOf(process);
    return group !== null && (group === controlGroup || group.startsWith(`${controlGroup}/`));
  }

  /** A failed unit is reset first: its own start limit is for crashes, and this is a start that somebody wants. */
  async function launch(spec: ServiceSpec, name: string, before: Unit, signal: AbortSignal): Promise<void> {
    if (before.active === 'failed') await systemctl.order('reset-failed', name, signal);
    let unit = await startAndLook(name, signal);
    if (hitStartLimit(unit)) {
      await systemctl.order('reset-failed', name, signal);
      unit = await startAndLook(name, signal);
    }
    if (unit.load === 'masked' || unit.loadError !== '') throw new AppError('failed', `${spec.name} was not started: ${unit.loadError}`);
    if (unit.active === 'failed' && ranNoProgram(unit)) {
      const said = await systemctl.lastOutput(unit.invocation, signal);
      throw new AppError('failed', `${spec.name}: no such program, or it cannot be executed${said === '' ? '' : `: ${said}`}`, {
        hint: `see ExecStart with: systemctl cat ${name}`,
      });
    }
    if (unit.active === 'inactive') {
      throw new AppError(
        'failed',
        `${spec.name}: systemd started ${name}, and it is not running: it ended at once, or one of its conditions is not met`,
        {
          hint: `look at it with: systemctl status ${name}`,
        },
      );
    }
  }

  async function startAndLook(name: string, signal: AbortSignal): Promise<Unit> {
    await systemctl.order('start', name, signal);
    for (;;) {
      const unit = await systemctl.show(name, signal);
      if (!unit.job || (unit.mainPid > 0 && unit.active !== 'deactivating')) break;
      await clock.sleep(POLL_MS, signal);
    }
    await clock.sleep(SETTLE_MS, signal);
    return systemctl.show(name, signal);
  }

  /** Nothing tells which process the unit is: then only a process that is no more can be called gone. */
  async function mustBeGone(spec: ServiceSpec, name: string, replacing: ProcessId): Promise<void> {
    const target = await processes.inspect(pidOf(replacing));
    if (target === 'gone' || (target !== 'hidden' && target.id !== replacing)) return;
    throw new AppError('failed', `${spec.name} was not stopped: nobody knows whether process ${replacing} belongs to ${name}`, {
      hint: 'its pid_file in cluster.ini has to name it',
    });
  }

  async function end(
    spec: ServiceSpec,
    name: string,
    own: readonly ProcessFacts[],
    { deadlineMs }: StopOrder,
    signal: AbortSignal,
  ): Promise<StopResult> {
    const start = clock.now();
    await systemctl.order('stop', name, signal);
    let unit = await ended(name, own, start + deadlineMs, signal);
    const killed = unit === null;
    if (unit === null) {
      await systemctl.order('kill', name, signal);
      unit = await ended(name, own, clock.now() + KILLED_MS, signal);
    }
    if (unit === null) {
      throw new AppError('failed', `${spec.name}: ${name} survived SIGKILL`, { hint: `look at it with: systemctl status ${name}` });
    }
    const ms = clock.now() - start;
    const how = killed || unit.result === 'timeout' ? 'killed' : 'stopped';
    // What ends because it was asked to has not failed, whatever its exit code.
    if (unit.active === 'failed') await systemctl.order('reset-failed', name, signal);
    return { how, ms };
  }

  /** The unit once these processes and all that belongs to its stop are over; null: not by then. */
  async function ended(name: string, own: readonly ProcessFacts[], until: number, signal: AbortSignal): Promise<Unit | null> {
    for (;;) {
      if (!(await Promise.all(own.map(lives))).includes(true)) {
        const unit = await systemctl.show(name, signal);
        if (unit.active !== 'deactivating' && !own.some(({ pid }) => pid === unit.mainPid)) return unit;
      }
      const left = until - clock.now();
      if (left <= 0) return null;
      await clock.sleep(Math.min(POLL_MS, left), signal);
    }
  }

  async function lives(process: ProcessFacts): Promise<boolean> {
    const now = await processes.inspect(process.pid);
    return now === 'hidden' || (now !== 'gone' && now.id === process.id);
  }
}

/** Exactly one service: systemctl takes patterns, paths and units of other kinds as well. */
function unitOf({ name, serviceName }: ServiceSpec): string {
  if (!/^[A-Za-z0-9_@][A-Za-z0-9:_.\\@-]{0,240}$/.test(serviceName)) {
    throw new AppError('config', `${name}: "${serviceName}" is not the name of a unit`, {
      hint: 'write service_name as systemd calls the service',
    });
  }
  return serviceName.endsWith('.service') ? serviceName : `${serviceName}.service`;
}

const POLL_MS = 25;
/** A program that cannot be run is told in the answer to `start`; what fails later, by `state`. */
const SETTLE_MS = 100;
const KILLED_MS = 10_000;
