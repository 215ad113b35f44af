import { linkSignals } from '../../shared/abort.js';
import { AppError, messageOf, toAppError } from '../../shared/errors.js';
import type { BackendOrder, CallOptions } from '../../shared/model/agent-api.js';
import type { Backend } from '../../shared/model/balancer.js';
import type { BalancerSpec, ServiceSpec } from '../../shared/model/service.js';
import type { Exec } from '../../shared/ports/exec.js';
import type { BalancerDriver } from './balancer.js';
import { unknownBackend } from './complaints.js';
import { restartPound, type RestartDeps, runningPound, startPound } from './pound-restart.js';
import { createPoundRestarts } from './pound-restarts.js';
import { createPoundStarted, placesOfFile, type Running, type StartedPlace } from './pound-started.js';
import { createPoundVersions } from './pound-version.js';
import { createPoundWantedFile, type PoundWanted } from './pound-wanted.js';
import { createRounds } from './rounds.js';
import { fileTurns } from './turns.js';

export interface PoundFileDeps extends RestartDeps {
  readonly exec: Exec;
  /** Where it is noted what Pound was started with. */
  readonly stateDir: string;
}

/**
 * Pound that is told by its file alone: each change restarts it, and the requests of that moment fail. Orders that come together share one
 * restart. A Pound that does not come up with the new file gets the old one back.
 *
 * It cannot be asked: what runs is what the file said when it was started. Whether it finds a backend alive, and who is bound to it, nobody
 * tells.
 */
export function createPoundFile(spec: ServiceSpec, balancer: BalancerSpec, deps: PoundFileDeps): BalancerDriver {
  const { name } = spec;
  const file = createPoundWantedFile(deps.exec, balancer);
  const restarts = createPoundRestarts(deps.stateDir);
  const started = createPoundStarted({ stateDir: deps.stateDir, conf: balancer.conf, pidFile: spec.pidFile });

  /** All of it bounded by itself: an order that is given up must not leave Pound stopped. */
  async function perform(orders: readonly BackendOrder[]): Promise<(Error | null)[]> {
    deps.mayRestart();
    using linked = linkSignals([], ROUND_MS, `changing backends of ${name}`);
    const options = { signal: linked.signal, timeoutMs: ROUND_MS };
    return await fileTurns.take(balancer.conf, linked.signal, async () => {
      const running = await runningPound(spec, deps, linked.signal);
      const before = await file.read(options);
      const runs = await started.read(running, before);
      const failures = orders.map(({ address }) =>
        before.places.some((place) => place.address === address) ? null : unknownBackend(before.source.path, address, before.places),
      );
      const last = new Map(orders.filter((_, i) => failures[i] === null).map(({ address, wanted }) => [address, wanted]));
      for (const wanted of ['out', 'in'] as const) {
        const addresses = [...last].filter(([, at]) => at === wanted).map(([address]) => address);
        if (addresses.length > 0) await file.write(addresses, wanted, options);
      }
      if (last.size > 0) await apply({ running, runs, before }, options);
      return failures;
    });
  }

  async function apply({ running, runs, before }: Before, options: CallOptions): Promise<void> {
    const wanted = await file.read(options);
    if (runs !== null && isSame(runs, placesOfFile(wanted))) return;
    await restarts.write(name, { spec });
    try {
      await upAgain(await restartPound(spec, running, wanted.source, deps, options.signal), wanted);
    } catch (error) {
      throw await takeBack(toAppError(error, 'failed', `restarting ${name}`), before, options);
    }
  }

  async function upAgain(now: Running, wanted: PoundWanted): Promise<void> {
    await restarts.remove(name);
    await started.note(now, wanted);
  }

  /** A Pound that is down serves nobody: the file that it ran with before is the better one. */
  async function takeBack(cause: AppError, before: PoundWanted, options: CallOptions): Promise<AppError> {
    try {
      await file.restore(before, options);
      await upAgain(await startPound(spec, before.source, deps, options.signal), before);
      return new AppError('failed', `${cause.message}; its file is as it was before, and it runs again`, { cause, hint: cause.hint });
    } catch (error) {
      return new AppError('failed', `${cause.message}; with the file as it was before: ${messageOf(error)}`, { cause, hint: cause.hint });
    }
  }

  return {
    async state(options) {
      using linked = linkSignals([options.signal], options.timeoutMs, `reading the state of ${name}`);
      const bounded = { ...options, signal: linked.signal };
      const running = await runningPound(spec, deps, linked.signal);
      const wanted = await file.read(bounded);
      return {
        name,
        driver: 'pound-file',
        version: (await versions(balancer.exe, { exec: deps.exec, clock: deps.clock }, bounded)) ?? 'unknown',
        aliveIntervalS: wanted.aliveS,
        restarts: true,
        backends: join(placesOfFile(wanted), await started.read(running, wanted)),
      };
    },
    set: (order, options) => rounds.join(balancer.conf, order, { clock: deps.clock, signal: options.signal, perform }),
  };
}

/** What there was when a round began. */
interface Before {
  readonly running: Running;
  /** null: not known. */
  readonly runs: readonly StartedPlace[] | null;
  readonly before: PoundWanted;
}

const ROUND_MS = 60_000;
/** By the path of the file; one for all drivers of this process. */
const rounds = createRounds<BackendOrder>();
/** When no Pound of this process is being restarted any more. */
export const untilRestarted = (): Promise<void> => rounds.idle();
const versions = createPoundVersions();

const keyOf = ({ address, place }: StartedPlace): string => `${place} ${address}`;

function isSame(a: readonly StartedPlace[], b: readonly StartedPlace[]): boolean {
  const told = (places: readonly StartedPlace[]) => places.map((p) => `${keyOf(p)} ${p.enabled}`).join('\n');
  return told(a) === told(b);
}

/** What the file says beside what runs, in the order of the file. */
function join(file: readonly StartedPlace[], runs: readonly StartedPlace[] | null): Backend[] {
  const free = [...(runs ?? [])];
  const unknown = { alive: null, sessions: null, inFlight: null };
  const paired = file.map((place): Backend => {
    const at = free.findIndex((one) => keyOf(one) === keyOf(place));
    const match = at < 0 ? undefined : free.splice(at, 1)[0];
    const inRuntime = runs === null ? 'unknown' : match === undefined ? 'absent' : match.enabled ? 'in' : 'out';
    return { address: place.address, place: place.place, inFile: place.enabled ? 'in' : 'out', inRuntime, ...unknown };
  });
  const rest = free.map(({ address, place, enabled }): Backend => ({
    address,
    place,
    inFile: 'absent',
    inRuntime: enabled ? 'in' : 'out',
    ...unknown,
  }));
  return [...paired, ...rest];
}
