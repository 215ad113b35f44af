import { join } from 'node:path';
import { linkSignals } from '../../shared/abort.js';
import { messageOf } from '../../shared/errors.js';
import type { ServiceSpec } from '../../shared/model/service.js';
import { createRecordFolder, type RecordFolder } from '../record-folder.js';
import type { ServiceManager } from '../services/index.js';

/** A Pound that this agent has stopped in order to start it anew, until it runs again. */
interface PoundRestart {
  readonly spec: ServiceSpec;
}

export type PoundRestarts = Pick<RecordFolder<PoundRestart>, 'write' | 'remove' | 'list'>;

/** A file for each Pound in `STATE_DIR/pound-restarts`, written before it is stopped. */
export const createPoundRestarts = (stateDir: string): PoundRestarts =>
  createRecordFolder(join(stateDir, 'pound-restarts'), {
    isRecord,
    what: (name) => `the restart of ${name}`,
    hint: 'see that this Pound runs, then move the file away',
  });

export interface RecoverDeps {
  readonly stateDir: string;
  readonly manager: Pick<ServiceManager, 'state' | 'start'>;
  /** Throws `denied` where this host does not let that service be started (any more). */
  readonly mayStart: (spec: ServiceSpec) => void;
}

/**
 * Starts every Pound that an agent has left stopped because it ended in the midst of a restart: without it the whole site is down, and no
 * controller can tell that it was not meant to be. Resolves with what there is to tell. Rejects with `failed` for a file that cannot be read.
 */
export async function recoverPounds({ stateDir, manager, mayStart }: RecoverDeps): Promise<string[]> {
  const restarts = createPoundRestarts(stateDir);
  const told: string[] = [];
  for (const { spec } of await restarts.list()) {
    try {
      using bound = linkSignals([], START_MS, `the start of ${spec.name}`);
      mayStart(spec);
      const before = await manager.state(spec, bound.signal);
      const after = before.state === 'down' ? await manager.start(spec, bound.signal) : before;
      if (after.state === 'down' || after.state === 'unknown') throw new Error(after.why);
      await restarts.remove(spec.name);
      if (before.state === 'down') told.push(`${spec.name} was stopped for a change of its file when the agent ended: it is started again`);
    } catch (error) {
      told.push(
        `${spec.name} was stopped for a change of its file when the agent ended, and could not be started again: ${messageOf(error)}`,
      );
    }
  }
  return told;
}

const START_MS = 30_000;

/** Our own files, checked for damage; what is in them is ours. */
const isRecord = (value: unknown): value is PoundRestart =>
  typeof value === 'object' && value !== null && 'spec' in value && typeof value.spec === 'object' && value.spec !== null;
