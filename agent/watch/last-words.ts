import { linkSignals, orAborted } from '../../shared/abort.js';
import { messageOf } from '../../shared/errors.js';
import type { Log } from '../../shared/log.js';
import type { ServiceSpec } from '../../shared/model/service.js';
import type { AllowList } from '../config/allow-list.js';
import { readLastEntry } from '../logs/index.js';
import { resolveSpec, searchedLog } from '../paths.js';

/** A death is told, whatever its log does. */
const WORDS_MS = 2_000;

/** The last log entry of a service whose process has ended; undefined: it has no log, agent.ini does not allow it, or it cannot be read. */
export async function lastWordsOf(
  spec: ServiceSpec,
  { allow, log }: { readonly allow: AllowList; readonly log: Log },
  signal: AbortSignal,
): Promise<string | undefined> {
  using bound = linkSignals([signal], WORDS_MS, `the log of ${spec.name}`);
  try {
    allow.action('log');
    const target = searchedLog(await resolveSpec(spec, allow), spec.log?.file, allow);
    return target === null ? undefined : (await orAborted(readLastEntry(target, bound.signal), bound.signal))?.text;
  } catch (error) {
    log.info({ service: spec.name, why: messageOf(error) }, `what ${spec.name} said last cannot be told`);
    return undefined;
  }
}
