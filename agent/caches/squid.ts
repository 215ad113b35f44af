import { readFile } from 'node:fs/promises';
import { linkSignals, orAborted } from '../../shared/abort.js';
import { AppError, isErrno, messageOf } from '../../shared/errors.js';
import type { Log } from '../../shared/log.js';
import type { PurgePlan } from '../../shared/model/cache.js';
import type { ServiceSpec } from '../../shared/model/service.js';
import type { CacheDriver, WholePurge, WholePurged } from './cache.js';
import { asideOf, removeAside, requireCache } from './cache-files.js';
import { purgePage } from './purge-page.js';
import type { PurgeRecord } from './purge-journal.js';
import { DEFAULT_SHUTDOWN_S, parseSquidConf, type SquidConf } from './squid-conf.js';
import { carryOn, squidOf, type SquidPurgeDeps } from './squid-purge.js';

export interface SquidDeps extends SquidPurgeDeps {
  readonly log: Log;
  /** Throws `denied` if agent.ini does not allow (or no longer) to purge this service, and to stop and start it. */
  readonly mayPurge: (spec: ServiceSpec) => Promise<void>;
}

export interface Squids extends CacheDriver {
  /** Ends the purges that an earlier process left unfinished, and tells what became of them. */
  recover(): Promise<string[]>;
  /** Resolves when no Squid is down for a purge any more; what is not deleted within `patienceMs` is left for the next time. */
  stop(patienceMs: number): Promise<void>;
}

/** Squid: its files are moved aside while it is stopped, and deleted behind its back when it runs again. */
export function createSquids(deps: SquidDeps): Squids {
  const { journal, manager, clock, log } = deps;
  const inHand = new Map<string, Promise<PurgeRecord>>();
  const stopping = new AbortController();
  const removing = new Set<Promise<void>>();

  return {
    plan,
    async all(purge, signal) {
      const { spec } = purge;
      if (inHand.has(spec.name)) throw new AppError('conflict', `${spec.name} is being purged already`);
      const before = await journal.read(spec.name);
      if (before?.id === purge.id) return resultOf(await finish(before), []);
      if (before !== null && !isOver(before)) return resultOf(await finish(before), ['a purge that had been broken off was finished']);
      return resultOf(await finish(await begin(purge, signal)), []);
    },
    page: purgePage,
    async recover() {
      const told: string[] = [];
      for (const record of await journal.list()) {
        if (record.stage === 'removing') removeBehind(record);
        else if (record.stage !== 'done') told.push(await recoverOne(record));
      }
      return told;
    },
    async stop(patienceMs) {
      await Promise.allSettled(inHand.values());
      using patience = linkSignals([], patienceMs, 'the deletion of what was purged');
      await orAborted(Promise.allSettled(removing), patience.signal).catch(() => undefined);
      stopping.abort(new AppError('cancelled', 'the agent is stopping'));
      await Promise.allSettled(removing);
    },
  };

  async function plan(spec: ServiceSpec, signal: AbortSignal): Promise<PurgePlan> {
    await deps.mayPurge(spec);
    const { folder } = squidOf(spec);
    if (folder !== '') await requireCache(folder);
    const state = await manager.state(spec, signal);
    const conf = await confOf(spec);
    const others = (conf?.folders ?? []).filter((one) => folder !== '' && one !== folder);
    const more = others.map((one) => `${one}, which is a cache_dir of its squid.conf too, stays as it is`);
    const what = folder === '' ? 'its cache in memory' : folder;
    if (state.state === 'down') return { details: [`${what} is emptied; it does not run, and is not started`, ...more], awayS: null };
    if (state.state !== 'running') throw new AppError('precondition', `${spec.name} is ${state.state}: ${state.why}`);
    const shutdownS = conf?.shutdownS ?? DEFAULT_SHUTDOWN_S;
    const steps =
      folder === '' ? 'stop, start' : `stop, ${folder} moved aside, squid -z, start; what was moved is deleted in the background`;
    return { details: [`${steps}; it waits up to ${shutdownS} s for its visitors (shutdown_lifetime)`, ...more], awayS: shutdownS + OWN_S };
  }

  /** Everything that could be in the way is looked at before anything is touched. */
  async function begin({ id, spec, stopDeadlineMs, startDeadlineMs }: WholePurge, signal: AbortSignal): Promise<PurgeRecord> {
    await plan(spec, signal);
    const { folder } = squidOf(spec);
    const restart = (await manager.state(spec, signal)).state === 'running';
    const since = clock.now();
    const aside = folder === '' ? '' : asideOf(folder, since);
    const record: PurgeRecord = {
      id,
      spec,
      stopDeadlineMs,
      startDeadlineMs,
      aside,
      restart,
      since,
      awayMs: null,
      failure: null,
      stage: 'stopping',
    };
    await journal.write(record);
    return record;
  }

  async function finish(record: PurgeRecord): Promise<PurgeRecord> {
    const { name } = record.spec;
    const work = carryOn(record, deps).finally(() => inHand.delete(name));
    inHand.set(name, work);
    const ended = await work;
    if (ended.stage === 'removing') removeBehind(ended);
    return ended;
  }

  function removeBehind(record: PurgeRecord): void {
    const { folder } = squidOf(record.spec);
    const work = (folder === '' ? Promise.resolve() : removeAside(folder, stopping.signal))
      .then(() => journal.write({ ...record, stage: 'done' }))
      .catch((error: unknown) => {
        if (!stopping.signal.aborted) log.error({ error }, `what was purged from ${folder} is not deleted yet: ${messageOf(error)}`);
      })
      .finally(() => removing.delete(work));
    removing.add(work);
  }

  async function recoverOne(record: PurgeRecord): Promise<string> {
    const { name } = record.spec;
    try {
      await deps.mayPurge(record.spec);
      const ended = await finish(record);
      return `${name}: a purge that was broken off ${ended.failure === null ? 'was finished' : `was undone: ${ended.failure}`}`;
    } catch (error) {
      return `${name}: a purge that was broken off could not be finished: ${messageOf(error)}`;
    }
  }
}

/** What Squid takes beside its own waiting: measured 2 s to end, and a start. */
const OWN_S = 4;

const isOver = ({ stage }: PurgeRecord): boolean => stage === 'removing' || stage === 'done';

function resultOf({ awayMs, failure, spec }: PurgeRecord, notes: readonly string[]): WholePurged {
  if (failure === null) return { awayMs, notes };
  throw new AppError('failed', `the cache of ${spec.name} is as it was: ${failure}`, {
    hint: 'is the user of its configuration the owner of its cache?',
  });
}

/** null: it cannot be read, or stands where Squid itself looks for it. */
async function confOf(spec: ServiceSpec): Promise<SquidConf | null> {
  const { conf } = squidOf(spec);
  if (conf === '') return null;
  try {
    return parseSquidConf(await readFile(conf, 'utf8'));
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'EACCES', 'EPERM')) return null;
    throw error;
  }
}
