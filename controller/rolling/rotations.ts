import { inParallel } from '../../shared/in-parallel.js';
import type { ClusterConfig, Service } from '../config/cluster.js';
import { AppError, toAppError } from '../../shared/errors.js';
import type { RunRequest } from '../../shared/model/control-api.js';
import type { ArchiveCompression, PlannedRotation, RotatedLog, RotationPlan } from '../../shared/model/rotation.js';
import { askAgain } from './ask-again.js';
import type { Rotated } from './roll-ports.js';
import { type RollWorld, serviceOf } from './observe.js';
import type { RollPlan, RotationStep } from './plan.js';

/** A log of many gigabytes, copied, read back, compressed. */
const ROTATE_MS = 2 * 3_600_000;
const ASK_MS = 20_000;

/** How logs are rotated in the real cluster: hosts side by side, on each host one service after the other. */
export function createRotations(world: RollWorld): (service: string, id: string, signal: AbortSignal) => Promise<Rotated> {
  const last = new Map<string, Promise<unknown>>();
  return (name, id, signal) => {
    const { host } = serviceOf(world, name);
    const turn = (last.get(host) ?? Promise.resolve()).then(() => rotate(name, host, id, signal));
    last.set(
      host,
      turn.catch(() => undefined),
    );
    return turn;
  };

  async function rotate(name: string, host: string, commandId: string, signal: AbortSignal): Promise<Rotated> {
    const { fleet, clock } = world;
    const options = { commandId, signal, timeoutMs: ROTATE_MS };
    const { logs, recovered, removed } = await askAgain(clock, () => fleet.agent(host).rotate(name, options), signal);
    const failed = logs.filter((log) => log.outcome === 'failed').map(describeRotated);
    const well = logs.filter((log) => log.outcome !== 'failed').map(describeRotated);
    const notes = [...recovered, ...well, ...removed.map((path) => `${path} was older than it is kept: removed`)];
    return { notes, error: failed.length === 0 ? null : failed.join('; ') };
  }
}

/** The services whose logs are rotated: those that are named, or all that have any. Errors: `usage`, `config`. */
function rotatable(config: ClusterConfig, named: readonly Service[] | null): Service[] {
  const chosen = (named ?? [...config.services.values()]).filter((service) => (service.spec.rotation?.logs.length ?? 0) > 0);
  if (chosen.length === 0) {
    const whose = named === null ? 'no service' : `none of ${named.map((one) => one.spec.name).join(', ')}`;
    throw new AppError('config', `${whose} has rotate_logs`, { hint: 'name the logs of a service in its section, one path a line' });
  }
  const [homeless] = chosen.filter((service) => service.spec.rotation?.archiveDir === '');
  if (homeless === undefined) return chosen;
  throw new AppError('config', `${homeless.spec.name} has rotate_logs, but there is no archivedir`, {
    hint: 'set archivedir in [DEFAULT]',
  });
}

/**
 * What of a plan is a rotation. Each agent is asked what it would do. `strict`: before a roll an agent that is away, a full disk and a log
 * that cannot be rotated are errors (`unreachable`, `precondition`); else they are told, and each service fails for itself. What is on a
 * host that no agent can be asked of is always an error (`precondition`).
 */
export async function planRotations(
  world: RollWorld,
  named: readonly Service[] | null,
  options: { readonly strict: boolean },
  signal: AbortSignal,
): Promise<{ readonly steps: readonly RotationStep[]; readonly warnings: readonly string[] }> {
  const services = rotatable(world.config(), named);
  const warnings: string[] = [];
  const steps = await inParallel(services, services.length, async ({ host, spec: { name, rotation } }): Promise<RotationStep> => {
    try {
      const plan = await world.fleet.agent(host).rotation(name, { signal, timeoutMs: ASK_MS });
      const obstacle = obstacleIn(plan);
      if (obstacle === null) return { service: name, details: plan.logs.map((log) => describePlanned(log, rotation?.compress ?? 'none')) };
      if (options.strict) throw new AppError('precondition', `${name}: ${obstacle}`);
      warnings.push(`${name}: ${obstacle}`);
    } catch (error) {
      signal.throwIfAborted();
      const { code, message, hint, cause } = toAppError(error, 'failed', name);
      // `precondition`: nobody is there to be asked, now or later.
      if (options.strict || code === 'precondition')
        throw new AppError(code, message, { hint: `nothing was touched. ${hint ?? ''}`.trim(), cause });
      warnings.push(message);
    }
    return { service: name, details: [] };
  });
  return { steps, warnings };
}

/** An operation that rotates and does nothing else. */
export async function planRotation(
  world: RollWorld,
  id: string,
  request: RunRequest,
  named: readonly Service[] | null,
  signal: AbortSignal,
): Promise<RollPlan> {
  const { steps, warnings } = await planRotations(world, named, { strict: false }, signal);
  const policy = { minActive: 0, guarded: false, maxFail: 0, deadlineMs: request.deadlineS === null ? null : request.deadlineS * 1000 };
  const { action, by } = request;
  return { id, action, by, at: world.clock.now(), batches: [], takeOut: [], rotate: steps, policy, warnings };
}

function obstacleIn({ logs, shortage }: RotationPlan): string | null {
  if (shortage !== null) return shortage;
  const stuck = logs.find((log) => log.method === null && log.sizeBytes !== null);
  return stuck === undefined ? null : `${stuck.log} cannot be rotated: ${stuck.why ?? ''}`;
}

function describePlanned({ log, method, sizeBytes, archive, loss, why }: PlannedRotation, compress: ArchiveCompression): string {
  if (method === null) return `${log} is left alone: ${why ?? ''}`;
  const risk = loss === null ? 'nothing is lost' : `what can be lost: ${loss}`;
  return `${log} (${inMb(sizeBytes ?? 0)}) by ${method}, ${risk}${why === null ? '' : `; ${why}`}; to ${archive ?? ''}${compress === 'none' ? '' : `, then ${compress}`}`;
}

function describeRotated({ log, outcome, method, archive, bytes, windowMs, pausedMs, why }: RotatedLog): string {
  const more = why === null ? '' : `; ${why}`;
  if (outcome === 'failed') return `${log} was not rotated: ${why ?? ''}`;
  if (outcome === 'left') return `${log} was left alone: ${why ?? ''}`;
  const window = windowMs === null ? '' : `; for ${windowMs.toFixed(2)} ms lines could be lost`;
  const pause = pausedMs === null ? '' : `; the service stood still for ${pausedMs.toFixed(1)} ms`;
  return `${log}: ${inMb(bytes)} by ${method ?? ''} to ${archive ?? ''}${window}${pause}${more}`;
}

const inMb = (bytes: number): string => (bytes < 1_000_000 ? `${Math.ceil(bytes / 1000)} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`);
