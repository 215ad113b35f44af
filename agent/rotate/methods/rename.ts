import { access, link, rename, rm, stat } from 'node:fs/promises';
import { AppError, isErrno, toAppError } from '../../../shared/errors.js';
import type { Clock } from '../../../shared/ports/clock.js';
import type { Stage } from '../journal.js';
import { findWriters } from '../writers.js';

/** A log that gets another name, beside the old one. */
export interface LogToRename {
  readonly path: string;
  readonly aside: string;
  /** On the disk when it resolves. */
  enter(stage: Stage): Promise<void>;
}

export interface RenameOptions {
  readonly clock: Clock;
  /** Tells the writer to open new files; null: it looks for itself before each entry. */
  readonly tell: (() => Promise<void>) | null;
  /** The writer opens a new file at once, not only when it has something to write. */
  readonly opensAtOnce: boolean;
  readonly onStep: (step: string) => void;
}

/**
 * Renames logs from under a writer that opens new ones. All get their names first: the writer is told once. Resolves when it has let go
 * of the old ones; if it does not open new ones, they get their names back and it rejects with `failed`.
 */
export async function renameLogs(logs: readonly LogToRename[], options: RenameOptions): Promise<void> {
  const renamed: LogToRename[] = [];
  try {
    for (const log of logs) {
      await log.enter({ at: 'aside', aside: log.aside });
      await rename(log.path, log.aside);
      renamed.push(log);
    }
    options.onStep('tell');
    await options.tell?.();
    options.onStep('told');
    for (const log of logs) await letGo(log, options);
  } catch (error) {
    for (const log of renamed) await putBack(log.path, log.aside);
    throw toAppError(error, 'failed', `${logs.map((log) => log.path).join(', ')} could not be renamed`);
  }
}

/** The log gets its name back, unless a new one has taken it. Answers whether it did. */
export async function putBack(path: string, aside: string): Promise<boolean> {
  try {
    await link(aside, path);
  } catch (error) {
    if (isErrno(error, 'EEXIST', 'ENOENT')) return false;
    throw toAppError(error, 'failed', `${aside} could not get its name ${path} back`);
  }
  await rm(aside);
  return true;
}

/** Until the new file is there and nobody writes to the old one. */
export async function letGo(
  { path, aside }: Pick<LogToRename, 'path' | 'aside'>,
  options: Pick<RenameOptions, 'clock' | 'opensAtOnce'>,
): Promise<void> {
  const { clock, opensAtOnce } = options;
  const begun = clock.now();
  let size = await sizeOf(aside);
  let quietSince = begun;
  let holders: readonly number[] | null = null;
  for (;;) {
    const now = clock.now();
    // Nobody opens a name that nobody knows: those who hold it only become fewer.
    const { of, complete } = await findWriters([aside], holders);
    const pids = (of.get(aside) ?? []).map((writer) => writer.pid);
    if (complete) holders = pids;
    const isOpened = !opensAtOnce || (await exists(path));
    // Where not every process can be looked at, that nothing comes any more has to do.
    const isFree = pids.length === 0 && (complete || now - quietSince >= QUIET_MS);
    if (isOpened && isFree) return;
    // One that looks before each entry opens the new file with the next entry: it writes nothing to the old one.
    if (!opensAtOnce && now - quietSince >= QUIET_MS) return;
    if (now - begun >= LET_GO_MS) throw refusal(path, isOpened, pids);
    await clock.sleep(POLL_MS, NEVER);
    const grown = await sizeOf(aside);
    if (grown !== size) [size, quietSince] = [grown, clock.now()];
  }
}

function refusal(path: string, isOpened: boolean, holders: readonly number[]): AppError {
  const what = isOpened ? `process ${holders.join(', ')} goes on writing to the old file` : 'no new file was opened';
  return new AppError('failed', `${path}: ${what} within ${LET_GO_MS / 1000} s`, { hint: 'set rotate_method = auto for it' });
}

const LET_GO_MS = 10_000;
const QUIET_MS = 1_000;
const POLL_MS = 20;
/** A log without its name is not left alone. */
const NEVER = new AbortController().signal;

const sizeOf = async (path: string): Promise<number> => (await stat(path)).size;

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    (error: unknown) => {
      if (isErrno(error, 'ENOENT')) return false;
      throw error;
    },
  );
