import { AppError, messageOf, toAppError } from '../../shared/errors.js';
import { linkSignals, throwIfAborted } from '../../shared/abort.js';
import { pidOf } from '../../shared/model/process.js';
import type { ServiceSpec } from '../../shared/model/service.js';
import type { Clock } from '../../shared/ports/clock.js';
import { endProcess } from './ending.js';
import { descendsFrom, processOfService } from './main-process.js';
import type { ServiceManager } from './manager.js';
import type { Inspected, Processes } from './processes.js';
import { judgeProgram, parseProgram, waitsToRestart, type Program } from './supervisor-program.js';
import { FAULT, type SupervisorRpc } from './supervisor-rpc.js';

export interface SupervisorManagerDeps {
  readonly rpc: SupervisorRpc;
  readonly processes: Processes;
  readonly clock: Clock;
}

/**
 * Programs of a supervisord: `service_name` is `program`, or `group:program`.
 *
 * supervisor stops a program by its name, not a process. Between our look at the process and its stop lie a few milliseconds in which
 * `autorestart` can put another there; that one, just born, is then stopped instead.
 */
export function createSupervisorManager({ rpc, processes, clock }: SupervisorManagerDeps): ServiceManager {
  return {
    async state(spec, signal) {
      const name = nameOf(spec);
      let program: Program;
      try {
        program = await programOf(spec, signal);
      } catch (error) {
        throwIfAborted(signal);
        if (error instanceof AppError && (error.code === 'not-found' || error.code === 'config')) throw error;
        return { state: 'unknown', why: messageOf(error) };
      }
      const judgement = judgeProgram(program);
      if (judgement.state !== 'process') {
        if (judgement.state !== 'down' || !judgement.failed) return judgement;
        const output = await lastOutput(name, signal);
        return output === '' ? judgement : { ...judgement, why: `${judgement.why}: ${output}` };
      }
      const { service } = await lookAt(judgement.pid, spec);
      if (service === 'hidden') return { state: 'unknown', why: `process ${judgement.pid} is hidden from this agent` };
      if (service === 'gone') return { state: 'unknown', why: `its process ${judgement.pid} has just ended` };
      return { state: 'running', process: service.id, startedAt: await processes.startedAt(service) };
    },

    async start(spec, signal) {
      const name = nameOf(spec);
      const program = await stopped(spec, signal);
      if (judgeProgram(program).state !== 'process') {
        const answer = await rpc('startProcess', [name, false], signal);
        if (!answer.ok && answer.code !== FAULT.alreadyStarted) throw refused(spec, 'started', answer);
        await clock.sleep(SETTLE_MS, signal);
      }
      return this.state(spec, signal);
    },

    async stop(spec, order, signal) {
      const name = nameOf(spec);
      const program = await programOf(spec, signal);
      const judgement = judgeProgram(program);
      // Its process is gone, and the next one would come by itself.
      if (waitsToRestart(program)) await askToStop(spec, name, signal);
      if (judgement.state === 'unknown') throw new AppError('failed', `${spec.name} was not stopped: ${judgement.why}`);
      if (judgement.state !== 'process') return { how: 'gone', ms: 0 };
      const { main, service } = await lookAt(judgement.pid, spec);
      if (main === 'hidden' || service === 'hidden')
        throw new AppError('failed', `${spec.name}: process ${judgement.pid} is hidden from this agent`);
      const own = [main, service].filter((process) => process !== 'gone');
      if (main === 'gone' || !own.some(({ id }) => id === order.replacing)) return { how: 'gone', ms: 0 };
      // A stop that supervisor refuses must not become a signal of ours: supervisor would start the program again.
      const refusal = new AbortController();
      using linked = linkSignals([signal, refusal.signal]);
      const result = await endProcess(
        {
          target: main,
          service: spec.name,
          startedPid: pidOf(main.id),
          managed: true,
          deadlineMs: order.deadlineMs,
          ask: () => askToStop(spec, name, linked.signal).catch((error: unknown) => refusal.abort(toAppError(error, 'failed', spec.name))),
          kill: (over) => kill(spec, name, over),
        },
        processes,
        clock,
        linked.signal,
      );
      await noticed(spec, main.pid, signal);
      return result;
    },
  };

  async function programOf(spec: ServiceSpec, signal: AbortSignal): Promise<Program> {
    const answer = await rpc('getProcessInfo', [nameOf(spec)], signal);
    if (!answer.ok) throw refused(spec, 'looked at', answer);
    try {
      return parseProgram(answer.value);
    } catch (error) {
      throw toAppError(error, 'failed', `supervisor described ${spec.serviceName} in a way that is not understood`);
    }
  }

  /** As it is once supervisor is through with a stop that is on its way: it takes no start before. */
  async function stopped(spec: ServiceSpec, signal: AbortSignal): Promise<Program> {
    for (;;) {
      const program = await programOf(spec, signal);
      if (program.state !== 'STOPPING') return program;
      await clock.sleep(POLL_MS, signal);
    }
  }

  /** Waits until supervisor itself has seen the end of a process, which takes it a moment. */
  async function noticed(spec: ServiceSpec, pid: number, signal: AbortSignal): Promise<void> {
    const until = clock.now() + NOTICED_MS;
    while ((await programOf(spec, signal)).pid === pid && clock.now() < until) await clock.sleep(POLL_MS, signal);
  }

  async function lookAt(pid: number, spec: ServiceSpec): Promise<{ main: Inspected; service: Inspected }> {
    const main = await processes.inspect(pid);
    return { main, service: await processOfService(main, spec, processes, (named) => descendsFrom(named, pid, processes)) };
  }

  async function askToStop(spec: ServiceSpec, name: string, signal: AbortSignal): Promise<void> {
    const answer = await rpc('stopProcess', [name, false], signal);
    if (!answer.ok && answer.code !== FAULT.notRunning) throw refused(spec, 'stopped', answer);
  }

  /** By supervisor, which may be allowed to where we are not. */
  async function kill(spec: ServiceSpec, name: string, signal: AbortSignal): Promise<void> {
    const answer = await rpc('signalProcess', [name, 'KILL'], signal);
    if (!answer.ok && answer.code !== FAULT.notRunning) throw refused(spec, 'killed', answer);
  }

  /** The end of what it wrote; '' if that cannot be had: it only adds to a message. */
  async function lastOutput(name: string, signal: AbortSignal): Promise<string> {
    for (const method of ['readProcessStderrLog', 'readProcessStdoutLog']) {
      const answer = await rpc(method, [name, -OUTPUT_BYTES, 0], signal);
      if (!answer.ok || typeof answer.value !== 'string') continue;
      const lines = answer.value.split('\n').filter((line) => line.trim() !== '');
      if (lines.length > 0) return lines.slice(-LAST_LINES).join(' | ').trim();
    }
    return '';
  }
}

function refused(spec: ServiceSpec, what: string, { code, message }: { readonly code: number; readonly message: string }): AppError {
  if (code === FAULT.badName) {
    return new AppError('not-found', `${spec.name}: supervisor has no program ${spec.serviceName}`, {
      hint: 'see service_name in cluster.ini, and `supervisorctl status`; a new program needs `supervisorctl update`',
    });
  }
  if (code === FAULT.noFile || code === FAULT.notExecutable)
    return new AppError('failed', `${spec.name}: no such program, or it cannot be executed: ${message}`);
  return new AppError('failed', `${spec.name} was not ${what}: supervisor answered ${message}`);
}

/** supervisor takes `group:*` for all programs of a group. */
function nameOf({ name, serviceName }: ServiceSpec): string {
  const [first, second, ...more] = serviceName.split(':');
  const plain = (part: string | undefined) => part !== '' && part !== '*';
  if (first !== undefined && plain(first) && plain(second) && more.length === 0) return serviceName;
  throw new AppError('config', `${name}: "${serviceName}" does not name one program of supervisor`, {
    hint: 'write service_name as program or group:program',
  });
}

/** A program that ends at once is told in the answer to `start`; others later, by `state`. */
const SETTLE_MS = 100;
const POLL_MS = 25;
const NOTICED_MS = 2_000;
const OUTPUT_BYTES = 2_000;
const LAST_LINES = 3;
