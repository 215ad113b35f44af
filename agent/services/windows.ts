import { throwIfAborted } from '../../shared/abort.js';
import { AppError, messageOf, toAppError } from '../../shared/errors.js';
import type { StopResult } from '../../shared/model/agent-api.js';
import type { ServiceSpec } from '../../shared/model/service.js';
import type { Clock } from '../../shared/ports/clock.js';
import type { Argv, Exec } from '../../shared/ports/exec.js';
import type { ServiceManager } from './manager.js';
import { judgeWindowsService, parseScAnswer, parseScQuery, parseWindowsService, QUERY, type WindowsService } from './windows-service.js';

export interface WindowsManagerDeps {
  readonly exec: Exec;
  readonly clock: Clock;
  readonly env: Readonly<Record<string, string>>;
}

/**
 * Services of Windows, by `sc.exe`, and by PowerShell for what that does not tell: when the process was started. `service_name` is the
 * short name of the service.
 */
export function createWindowsManager({ exec, clock, env }: WindowsManagerDeps): ServiceManager {
  return {
    async state(spec, signal) {
      try {
        return judgeWindowsService(await known(spec, signal));
      } catch (error) {
        throwIfAborted(signal);
        if (error instanceof AppError && error.code === 'not-found') throw error;
        return { state: 'unknown', why: messageOf(error) };
      }
    },

    async start(spec, signal) {
      const before = judgeWindowsService(await known(spec, signal));
      if (before.state === 'unknown') throw new AppError('failed', `${spec.name} was not started: ${before.why}`);
      if (before.state !== 'down') return before;
      await order(spec, 'start', [ALREADY_RUNNING], signal);
      return this.state(spec, signal);
    },

    async stop(spec, order_, signal) {
      const { process } = await known(spec, signal);
      if (process?.id !== order_.replacing) return { how: 'gone', ms: 0 };
      const start = clock.now();
      await order(spec, 'stop', [NOT_ACTIVE, CANNOT_ACCEPT_NOW], signal);
      if (await stopped(spec, start + order_.deadlineMs, signal)) return ended('stopped', start);
      // A pid can belong to somebody else a moment later.
      if ((await known(spec, signal)).process?.id !== order_.replacing) return ended('stopped', start);
      const kill: Argv = ['taskkill.exe', '/F', '/T', '/PID', `${process.pid}`];
      const { code, stdout, stderr } = await exec(kill, { timeoutMs: TIMEOUT_MS, signal, env });
      if (await stopped(spec, clock.now() + KILLED_MS, signal)) return ended('killed', start);
      throw new AppError('failed', `${spec.name}: process ${process.pid} survived ${kill.join(' ')}`, {
        hint: code === 0 ? `look at it with: sc.exe queryex ${spec.serviceName}` : (stderr || stdout).trim(),
      });
    },
  };

  async function known(spec: ServiceSpec, signal: AbortSignal): Promise<WindowsService> {
    const argv: Argv = ['powershell.exe', '-NoLogo', '-NoProfile', '-NonInteractive', '-Command', QUERY];
    const options = { timeoutMs: QUERY_TIMEOUT_MS, signal, env: { ...env, CTL_SERVICE_NAME: spec.serviceName } };
    const { code, stdout, stderr } = await exec(argv, options);
    if (code !== 0)
      throw new AppError(
        'failed',
        `PowerShell was asked for the service ${spec.serviceName}: ${stderr.trim() || `exit code ${code ?? ''}`}`,
      );
    let service: WindowsService | null;
    try {
      service = parseWindowsService(stdout);
    } catch (error) {
      throw toAppError(error, 'failed', `PowerShell described ${spec.serviceName} in a way that is not understood`);
    }
    if (service === null) throw unknownService(spec);
    return service;
  }

  /** `harmless`: Win32 errors after which it is as it was wanted. */
  async function order(spec: ServiceSpec, verb: 'start' | 'stop', harmless: readonly number[], signal: AbortSignal): Promise<void> {
    const { code, stdout, stderr } = await exec(['sc.exe', verb, spec.serviceName], { timeoutMs: TIMEOUT_MS, signal, env });
    const error = parseScAnswer(code, stdout || stderr);
    if (error === 0 || (error !== null && harmless.includes(error))) return;
    const said = `${spec.name}: sc.exe ${verb} ${spec.serviceName} failed with ${error === null ? 'a signal' : `error ${error}`}`;
    if (error === NO_SERVICE) throw unknownService(spec);
    if (error === ACCESS_DENIED) throw new AppError('denied', said, { hint: 'run the agent as LocalSystem or as an administrator' });
    if (error === DISABLED)
      throw new AppError('failed', `${said}: it is disabled`, { hint: `sc.exe config ${spec.serviceName} start= demand` });
    throw new AppError('failed', said, { hint: `net helpmsg ${error ?? ''}` });
  }

  async function stopped(spec: ServiceSpec, until: number, signal: AbortSignal): Promise<boolean> {
    for (;;) {
      const { stdout } = await exec(['sc.exe', 'query', spec.serviceName], { timeoutMs: TIMEOUT_MS, signal, env });
      if (parseScQuery(stdout)?.state === 'STOPPED') return true;
      const left = until - clock.now();
      if (left <= 0) return false;
      await clock.sleep(Math.min(POLL_MS, left), signal);
    }
  }

  function ended(how: StopResult['how'], start: number): StopResult {
    return { how, ms: clock.now() - start };
  }
}

const unknownService = (spec: ServiceSpec) =>
  new AppError('not-found', `${spec.name}: Windows has no service ${spec.serviceName}`, {
    hint: 'see service_name in cluster.ini, and `sc.exe query state= all` (the short name, not the one on display)',
  });

const ACCESS_DENIED = 5;
const ALREADY_RUNNING = 1056;
const DISABLED = 1058;
const NO_SERVICE = 1060;
/** It is starting or stopping just now. */
const CANNOT_ACCEPT_NOW = 1061;
const NOT_ACTIVE = 1062;

const POLL_MS = 200;
const TIMEOUT_MS = 15_000;
/** PowerShell alone takes seconds on a cold machine. */
const QUERY_TIMEOUT_MS = 30_000;
const KILLED_MS = 10_000;
