import { linkSignals } from '../../shared/abort.js';
import { AppError, messageOf } from '../../shared/errors.js';
import type { ServiceSpec } from '../../shared/model/service.js';
import type { Clock } from '../../shared/ports/clock.js';
import type { Exec } from '../../shared/ports/exec.js';
import { probeTcp } from '../../shared/probes/tcp.js';
import type { ServiceManager } from '../services/index.js';
import { moveAside, putBack } from './cache-files.js';
import type { PurgeJournal, PurgeRecord } from './purge-journal.js';

export interface SquidPurgeDeps {
  readonly manager: ServiceManager;
  readonly journal: PurgeJournal;
  readonly clock: Clock;
  readonly exec: Exec;
  /** Told before and after each step that a crash could break off. */
  readonly onStep?: (step: string) => void;
}

/**
 * Takes a purge from wherever it is to the point where Squid answers again; what was moved aside is then still to be removed. Killed
 * anywhere, the same call goes on: each step is written down before it is taken, and can be taken twice. No signal ends it in its midst, when
 * Squid is down: every step has a bound of its own.
 * Errors: `failed`. Unless Squid itself refused to start, it runs then.
 */
export async function carryOn(begun: PurgeRecord, deps: SquidPurgeDeps): Promise<PurgeRecord> {
  const { journal, clock } = deps;
  const step = (name: string) => deps.onStep?.(name);
  let record = begun;
  const enter = async (change: Partial<PurgeRecord>): Promise<void> => {
    record = { ...record, ...change };
    await journal.write(record);
  };
  /** Whatever a step fails of: everything is put back, and Squid runs again. */
  const attempt = async (work: () => Promise<void>, well: PurgeRecord['stage']): Promise<void> => {
    const failure = await work().then(
      () => null,
      (error: unknown) => messageOf(error),
    );
    await enter(failure === null ? { stage: well } : { stage: 'putting-back', failure });
  };
  for (;;) {
    const { spec, aside } = record;
    const { folder } = squidOf(spec);
    switch (record.stage) {
      case 'stopping':
        await attempt(
          async () => {
            step('stop');
            await untilStopped(record, deps);
            step('move aside');
            if (aside !== '') await moveAside(folder, aside);
            step('moved aside');
          },
          aside === '' ? 'starting' : 'making',
        );
        break;
      case 'making':
        await attempt(async () => {
          // Somebody else may have started it since, if this was broken off.
          await untilStopped(record, deps);
          step('make');
          await makeFolders(spec, deps);
          step('made');
        }, 'starting');
        break;
      case 'putting-back': {
        const problem = aside === '' ? null : await putBackStopped(record, deps);
        const failure = problem === null ? record.failure : `${record.failure ?? ''}; not all of it is back: ${problem}`;
        await enter({ stage: 'starting', failure });
        break;
      }
      case 'starting':
        step('start');
        if (record.restart) await untilStarted(record, deps);
        step('started');
        await enter({ stage: 'removing', awayMs: record.restart ? Math.max(0, clock.now() - record.since) : null });
        break;
      case 'removing':
      case 'done':
        return record;
    }
  }
}

async function putBackStopped(record: PurgeRecord, deps: SquidPurgeDeps): Promise<string | null> {
  try {
    await untilStopped(record, deps);
    await putBack(squidOf(record.spec).folder, record.aside);
    return null;
  } catch (error) {
    return messageOf(error);
  }
}

export function squidOf(spec: ServiceSpec): { readonly folder: string; readonly exe: string; readonly conf: string } {
  if (spec.cache?.kind !== 'squid') throw new AppError('internal', `${spec.name} is no Squid`);
  return spec.cache;
}

async function untilStopped({ spec, stopDeadlineMs }: PurgeRecord, { manager }: SquidPurgeDeps): Promise<void> {
  using bound = linkSignals([], stopDeadlineMs + MARGIN_MS, `the stop of ${spec.name}`);
  const state = await manager.state(spec, bound.signal);
  if (state.state === 'down') return;
  if (state.state !== 'running') throw new AppError('failed', `${spec.name} cannot be stopped now: it is ${state.state}: ${state.why}`);
  await manager.stop(spec, { replacing: state.process, deadlineMs: stopDeadlineMs }, bound.signal);
  const after = await manager.state(spec, bound.signal);
  if (after.state === 'running') throw new AppError('failed', `${spec.name} was started again while it was purged`);
}

/** Its own user is in its configuration; as root it becomes that user. */
async function makeFolders(spec: ServiceSpec, { exec }: SquidPurgeDeps): Promise<void> {
  const { exe, conf } = squidOf(spec);
  const program = exe === '' ? 'squid' : exe;
  const argv = [program, '-N', '-z', ...(conf === '' ? [] : ['-f', conf])] as const;
  const { code, stderr } = await exec([...argv], { timeoutMs: MAKE_MS, signal: new AbortController().signal });
  if (code === 0) return;
  throw new AppError('failed', `${program} -z ended with ${code ?? 'a signal'}: ${stderr.trim().split('\n').at(-1) ?? ''}`);
}

async function untilStarted({ spec, startDeadlineMs }: PurgeRecord, { manager, clock }: SquidPurgeDeps): Promise<void> {
  using bound = linkSignals([], startDeadlineMs, `the start of ${spec.name}`);
  const { signal } = bound;
  const started = await manager.start(spec, signal);
  for (let state = started; ; state = await manager.state(spec, signal)) {
    if (state.state === 'down') throw notStarted(spec, state.why);
    if ((await probeTcp(spec, { timeoutMs: CONNECT_MS, signal })).ok) return;
    await clock.sleep(POLL_MS, signal);
  }
}

const notStarted = (spec: ServiceSpec, why: string): AppError =>
  new AppError('failed', `${spec.name} was purged and did not start again: ${why}`, {
    hint: `see its cache.log, then: ctl start ${spec.name}`,
  });

const MARGIN_MS = 10_000;
/** 16 times 256 folders, on a slow disk. */
const MAKE_MS = 120_000;
const CONNECT_MS = 1_000;
const POLL_MS = 50;
