import type { LogEntry } from './log-report.js';
import type { ProcessId } from './process.js';

/** What an agent tells without being asked, at once. It is kept on the agent's disk until the controller has it on its own. */
export type AgentEvent = {
  /** The same event has the same id whenever it is told: the controller takes each once. */
  readonly id: string;
  /** Epoch ms by the agent's clock. */
  readonly at: number;
  /** Name in cluster.ini. */
  readonly service: string;
  /** So many events of the service before this one are not told: they came too fast, or the agent's disk had no more room for them. */
  readonly omitted?: number | undefined;
} & (
  | { readonly kind: 'critical-entry'; readonly entry: LogEntry; readonly file: string }
  /** The process ended, and ctl did not ask it to. */
  | {
      readonly kind: 'died';
      readonly process: ProcessId;
      readonly why: string;
      /** Its last log entry, where that could be read. */
      readonly lastEntry?: string | undefined;
    }
);

/** Takes what an agent tells; `at` is by the controller's clock where the agent's is far off. Resolves when it is on this side's disk: the agent forgets it then. The same event can come again. */
export type TakeEvents = (host: string, events: readonly AgentEvent[]) => Promise<void>;
