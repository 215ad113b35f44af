import { throwIfAborted } from '../../shared/abort.js';
import { AppError, messageOf } from '../../shared/errors.js';
import type { Log } from '../../shared/log.js';
import type { ServiceSpec } from '../../shared/model/service.js';
import type { Clock } from '../../shared/ports/clock.js';
import type { AllowList } from '../config/allow-list.js';
import { followCriticalEntries, loadRipgrep, type CriticalEntry } from '../logs/index.js';
import { resolveSpec, searchedLog } from '../paths.js';
import { createLogWakers } from './log-wakers.js';
import { openPlaces } from './places.js';

/** Reads the logs of the services as they grow, from where reading ended the last time. */
export interface LogWatch {
  /** Replaces the services. */
  assign(services: readonly ServiceSpec[]): void;
  stop(): Promise<void>;
}

export interface LogWatchDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly allow: AllowList;
  readonly stateDir: string;
  readonly onEntry: (service: string, entry: CriticalEntry) => Promise<void>;
}

/** Errors: `failed` if the places of the logs cannot be read. */
export async function createLogWatch({ clock, log, allow, stateDir, onEntry }: LogWatchDeps): Promise<LogWatch> {
  const places = await openPlaces(stateDir);
  const wakers = await createLogWakers();
  const running = new Map<string, { readonly text: string; readonly abort: AbortController; readonly done: Promise<void> }>();
  let loaded: ReturnType<typeof loadRipgrep> | undefined;
  const ripgrep = () => (loaded ??= loadRipgrep());
  const stopping = new AbortController();
  const saving = saveForEver();

  return {
    assign(services) {
      const wanted = new Map(services.filter(isWatched).map((spec) => [spec.name, spec]));
      places.keep([...wanted.values()].map((spec) => ({ service: spec.name, path: spec.log?.file ?? '' })));
      for (const [name, { text, abort }] of running) {
        if (text === textOf(wanted.get(name))) wanted.delete(name);
        else {
          abort.abort(new AppError('cancelled', `${name} is not watched any more`));
          running.delete(name);
        }
      }
      for (const spec of wanted.values()) {
        const abort = new AbortController();
        running.set(spec.name, { text: textOf(spec), abort, done: watchForEver(spec, abort.signal) });
      }
    },
    async stop() {
      stopping.abort(new AppError('cancelled', 'the agent is stopping'));
      for (const { abort } of running.values()) abort.abort(stopping.signal.reason);
      await Promise.all([...running.values()].map(({ done }) => done));
      await saving;
      await save();
      await wakers.close();
    },
  };

  async function watchForEver(spec: ServiceSpec, signal: AbortSignal): Promise<void> {
    const stopped = () => signal.aborted;
    for (let told = ''; !stopped();) {
      try {
        await watch(spec, signal);
      } catch (error) {
        if (stopped()) return;
        const why = messageOf(error);
        if (why !== told) log.warn({ error, service: spec.name }, `the log of ${spec.name} is not watched`);
        told = why;
        await clock.sleep(AGAIN_MS, signal).catch(() => undefined);
      }
    }
  }

  async function watch(spec: ServiceSpec, signal: AbortSignal): Promise<void> {
    allow.action('log');
    allow.service(spec.serviceName);
    const target = searchedLog(await resolveSpec(spec, allow), spec.log?.file, allow);
    if (target === null) throw new AppError('internal', `${spec.name} has no log`);
    const key = { service: spec.name, path: target.path };
    const waker = wakers.open(target.path);
    try {
      const options = { from: places.of(key), waker, onNote: (note: string) => log.info({ service: spec.name }, note) };
      for await (const { entries, place } of followCriticalEntries(target, options, { clock, ripgrep, signal })) {
        throwIfAborted(signal);
        // They are on the disk before the place behind them is.
        for (const entry of entries) await onEntry(spec.name, entry);
        places.set(key, place);
      }
    } finally {
      await waker.close();
    }
  }

  async function saveForEver(): Promise<void> {
    while (!stopping.signal.aborted) {
      await clock.sleep(SAVE_MS, stopping.signal).catch(() => undefined);
      await save();
    }
  }

  async function save(): Promise<void> {
    await places.save().catch((error: unknown) => log.error({ error }, 'how far the logs have been read cannot be written to the disk'));
  }
}

const isWatched = ({ log }: ServiceSpec): boolean => log !== undefined && log.file !== '' && log.criticalPattern !== '';
/** What a change of makes it another log to watch. */
const textOf = (spec: ServiceSpec | undefined): string => JSON.stringify([spec?.serviceName, spec?.log, spec?.rotation]);

/** A log that cannot be read may be readable later. */
const AGAIN_MS = 10_000;
const SAVE_MS = 5_000;
