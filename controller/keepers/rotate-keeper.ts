import type { ClusterConfig, Service } from '../config/cluster.js';
import type { Fleet } from '../fleet/fleet.js';
import { askAgent } from '../checks/ask-agent.js';
import { AppError, messageOf } from '../../shared/errors.js';
import type { Log } from '../../shared/log.js';
import type { Clock } from '../../shared/ports/clock.js';
import type { Operations } from '../actions/operations.js';
import { isDue } from './due.js';
import { type Keeper, startKeeper } from './keeper.js';
import { awaitResult, ownRequest } from './own-operation.js';

export interface RotateKeeperDeps {
  readonly config: () => ClusterConfig;
  readonly fleet: Fleet;
  readonly operations: Pick<Operations, 'run'>;
  readonly clock: Clock;
  readonly log: Log;
}

/** Sizes are looked at so often; a rotation that did not come about is tried again so late. */
const SIZES_MS = 60_000;
const AGAIN_MS = 3_600_000;
const POLL_MS = 20_000;
const ASK_MS = 20_000;

/**
 * Rotates at `rotate_at`, and what has grown over `rotate_size`. A rotation that is due while another operation runs comes after it; one that
 * was due while no controller was there is left out.
 */
export function startRotateKeeper({ config, fleet, operations, clock, log }: RotateKeeperDeps): Keeper {
  const due = new Set<string>();
  const notBefore = new Map<string, number>();
  let lookedAt = clock.now();
  let sizesAt = -Infinity;

  async function look(signal: AbortSignal): Promise<void> {
    const now = clock.now();
    const services = [...config().services.values()].filter(({ spec }) => spec.rotation !== undefined);
    for (const { spec, schedule } of services) if (schedule?.at != null && isDue(schedule.at, lookedAt, now)) due.add(spec.name);
    lookedAt = now;
    if (now - sizesAt < SIZES_MS) return;
    sizesAt = now;
    for (const service of services) if (await isGrown(service, now, signal)) due.add(service.spec.name);
  }

  async function isGrown({ spec, host, schedule }: Service, now: number, signal: AbortSignal): Promise<boolean> {
    if (schedule === undefined || schedule.atBytes === 0 || now < (notBefore.get(spec.name) ?? 0)) return false;
    const plan = await askAgent(
      fleet,
      host,
      async (agent, options) => ({ ok: true as const, ...(await agent.rotation(spec.name, options)) }),
      {
        timeoutMs: ASK_MS,
        signal,
      },
    );
    return plan.ok && plan.logs.some(({ sizeBytes }) => (sizeBytes ?? 0) >= schedule.atBytes);
  }

  async function rotate(signal: AbortSignal): Promise<void> {
    const names = [...due].filter((name) => config().services.has(name));
    if (names.length === 0) {
      due.clear();
      return;
    }
    try {
      const request = ownRequest({ action: 'rotate', selectors: names, by: 'ctl-controller' });
      const result = await awaitResult(operations.run(request, signal));
      due.clear();
      for (const { name, result: end } of result.services) if (end !== 'done') notBefore.set(name, clock.now() + AGAIN_MS);
      log.info({ operation: result.operation, exit: result.exit }, `rotated by itself: ${names.join(', ')}`);
    } catch (error) {
      // Another operation runs: this one comes after it.
      if (signal.aborted || (error instanceof AppError && error.code === 'conflict')) return;
      due.clear();
      for (const name of names) notBefore.set(name, clock.now() + AGAIN_MS);
      log.error({ error: messageOf(error) }, `could not rotate by itself: ${names.join(', ')}`);
    }
  }

  return startKeeper(
    async (signal) => {
      await look(signal);
      if (due.size > 0) await rotate(signal);
      return POLL_MS;
    },
    { clock, log, complaint: 'nobody rotates by itself any more' },
  );
}
