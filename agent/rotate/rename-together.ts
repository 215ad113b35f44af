import { throwIfAborted } from '../../shared/abort.js';
import type { RotatedLog, RotateMethod } from '../../shared/model/rotation.js';
import { recordOf, refusalText, resultOf, type Job } from './job.js';
import type { RotationRecord } from './journal.js';
import { renameLogs, type RenameOptions } from './methods/rename.js';
import { tellSquid } from './methods/squid.js';
import { finish, recover, type RecoverDeps } from './recover.js';
import type { Survey, SurveyedLog } from './survey.js';
import { takeAside } from './take-aside.js';

export type RenameMethod = 'rename' | 'signal' | 'squid';
export const isRenaming = (method: RotateMethod): method is RenameMethod => ['rename', 'signal', 'squid'].includes(method);

/** What became of each log, by its path; those that are not in it stayed as they were, for the reason `failed`. */
export interface Renamed {
  readonly done: ReadonlyMap<string, RotatedLog>;
  readonly failed: string | null;
}

/** Renames logs of one service, so that their writer has to be told once, then archives what they were. */
export async function renameTogether(
  job: Job,
  method: RenameMethod,
  logs: readonly SurveyedLog[],
  survey: Pick<Survey, 'tell' | 'isDown'>,
  deps: RecoverDeps,
): Promise<Renamed> {
  const begun = deps.clock.now();
  const done = new Map<string, RotatedLog>();
  /** As they stand in the journal. */
  const open = new Map<string, RotationRecord>();
  const enter = async (record: RotationRecord) => {
    deps.onStep(record.stage.at);
    open.set(record.log, record);
    await deps.journal.update(record);
    deps.onStep(`${record.stage.at} is written`);
  };
  /** What was begun is ended: a log is not left without its name, nor an archive half written. */
  const steady = { ...deps, signal: new AbortController().signal };
  try {
    for (const log of logs) {
      const record = recordOf(job, log, method);
      await deps.journal.begin(record);
      open.set(log.path, record);
    }
    const named = [...open.values()].map((record) => ({
      path: record.log,
      aside: asideOf(record, job.at),
      record,
      enter: (stage: RotationRecord['stage']) => enter({ ...record, stage }),
    }));
    await renameLogs(named, { clock: deps.clock, onStep: deps.onStep, ...tellerOf(method, job, survey, steady) });
    for (const { path, aside, record } of named) {
      const bytes = await takeAside(record, aside, steady);
      const cut: RotationRecord = { ...record, stage: { at: 'cut' } };
      await enter(cut);
      const { archive, note } = await finish(cut, steady);
      open.delete(path);
      done.set(path, resultOf(path, 'rotated', { method, archive, bytes, ms: deps.clock.now() - begun, notes: [note] }));
    }
    return { done, failed: null };
  } catch (error) {
    const failed = refusalText(method, error);
    for (const [path, record] of open) {
      const { archive } = await recover(record, steady);
      if (archive !== null) done.set(path, resultOf(path, 'failed', { method, archive, notes: [`it is archived, but: ${failed}`] }));
    }
    throwIfAborted(deps.signal);
    return { done, failed };
  }
}

/** Beside the log, so that it is only another name; by the moment, so that nothing has it already. */
const asideOf = ({ log }: RotationRecord, at: Date): string => `${log}.ctl-${at.getTime()}`;

/** A service that is down opens them when it starts. */
function tellerOf(
  method: RenameMethod,
  { rotation }: Job,
  { tell, isDown }: Pick<Survey, 'tell' | 'isDown'>,
  { exec }: RecoverDeps,
): Pick<RenameOptions, 'tell' | 'opensAtOnce'> {
  if (method === 'rename' || isDown) return { tell: null, opensAtOnce: false };
  return { tell: method === 'squid' ? () => tellSquid(rotation.squid ?? { exe: '', conf: '' }, exec) : tell, opensAtOnce: true };
}
