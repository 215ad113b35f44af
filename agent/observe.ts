import { linkSignals, orAborted, throwIfAborted } from '../shared/abort.js';
import { messageOf } from '../shared/errors.js';
import type { Observation } from '../shared/model/agent-api.js';
import type { LogReport } from '../shared/model/log-report.js';
import { unmeasured, type Unmeasured } from '../shared/model/observation.js';
import type { ProcessState } from '../shared/model/process.js';
import type { MemoryOf } from './memory/index.js';

/** Of one service: where its parts come from. */
export interface ObserveSources {
  readonly service: string;
  readonly process: (signal: AbortSignal) => Promise<ProcessState>;
  readonly memory: MemoryOf;
  /** null: its log is not asked for. */
  readonly log: ((signal: AbortSignal) => Promise<LogReport>) | null;
}

/** Looks at all of it at the same time, each part within most of the time that there is. Rejects only when `signal` aborts. */
export async function observe(sources: ObserveSources, options: { signal: AbortSignal; timeoutMs: number }): Promise<Observation> {
  const { service } = sources;
  const [seen, log] = await Promise.all([
    part(`process ${service}`, sources.process),
    sources.log === null ? null : part(`log ${service}`, sources.log),
  ]);
  const process: ProcessState = 'state' in seen ? seen : { state: 'unknown', why: seen.why };
  const memory =
    process.state === 'running' ? await sources.memory(process.process) : unmeasured(`${service} is ${process.state}: ${process.why}`);
  return { process, memory, log };

  async function part<T>(title: string, work: (signal: AbortSignal) => Promise<T>): Promise<T | Unmeasured> {
    using linked = linkSignals([options.signal], options.timeoutMs * IN_TIME, title);
    try {
      return await orAborted(work(linked.signal), linked.signal);
    } catch (error) {
      throwIfAborted(options.signal);
      return unmeasured(messageOf(error));
    }
  }
}

/** So that what is known is answered before nobody waits for it any more. */
const IN_TIME = 0.9;
