import { join } from 'node:path';
import { toAppError } from '../../shared/errors.js';
import { createLogFile } from '../../shared/log-file.js';
import type { ControlApi } from '../../shared/model/control-api.js';
import type { OperationResult } from '../../shared/model/operation.js';
import type { WallClock } from '../../shared/ports/clock.js';

/** Who did what, from where, with what result. */
export interface AuditLine {
  /** `user@host`, or where there are certificates the name of the certificate `@` the address it came from. */
  readonly by: string;
  /** `restart`, `balancer out`, … */
  readonly what: string;
  /** As they were named, or what became of each. */
  readonly services: readonly string[];
  readonly operation: string | null;
  /** `completed`, `halted`, …; `done` or `refused` for what is no operation, `asked` for what resumes one. */
  readonly result: string;
  readonly why: string | null;
}

export interface Audit {
  note(line: AuditLine): void;
  close(): void;
}

/** `STATE_DIR/audit.log`, a line of JSON each; 10 MiB × 5; like all of the state_dir for its user alone. Only what changes something stands there. */
export function openAudit(stateDir: string, clock: WallClock): Audit {
  const file = createLogFile(join(stateDir, 'audit.log'), { mode: 0o600 });
  return {
    note: (line) => file.write(`${JSON.stringify({ at: new Date(clock.wallTime()).toISOString(), ...line })}\n`),
    close: () => file.close(),
  };
}

/** The line of an operation that has ended. */
export const endOf = (result: OperationResult, by: string): AuditLine => ({
  by,
  what: result.action,
  services: result.services.flatMap(({ name, result: end }) => (end === 'untouched' ? [] : [`${name} ${end}`])),
  operation: result.operation,
  result: result.outcome,
  why: result.why,
});

/** The line of a call that was refused before anything but its name was read. */
export const refusedChange = (change: Pick<AuditLine, 'by' | 'what' | 'why'>): AuditLine => ({
  ...change,
  services: [],
  operation: null,
  result: 'refused',
});

/** The same API: what was refused is on record, and what is no operation and changes something all the same. */
export function audited(api: ControlApi, audit: Audit): ControlApi {
  async function recorded<T>(line: Asked, work: () => Promise<T>): Promise<T> {
    try {
      const value = await work();
      audit.note({ ...line, result: 'done', why: null });
      return value;
    } catch (error) {
      audit.note({ ...line, ...refusedBy(error) });
      throw error;
    }
  }

  /** An operation writes its line when it ends, whoever follows it then. */
  async function* begun<T>(line: Asked, events: AsyncIterable<T>): AsyncIterable<T> {
    let first = true;
    try {
      for await (const event of events) {
        first = false;
        yield event;
      }
    } catch (error) {
      if (first) audit.note({ ...line, ...refusedBy(error) });
      throw error;
    }
  }

  return {
    ...api,
    run: (request, signal) =>
      begun({ by: request.by, what: request.action, services: request.selectors, operation: null }, api.run(request, signal)),
    async *resume(id, by, signal) {
      const line = { by, what: 'operations resume', services: [], operation: id };
      audit.note({ ...line, result: 'asked', why: null });
      yield* begun(line, api.resume(id, by, signal));
    },
    halt: (id, how, by, signal) =>
      recorded({ by, what: how === 'aborted' ? 'operations abort' : 'interrupt', services: [], operation: id }, () =>
        api.halt(id, how, by, signal),
      ),
    setBackends: (request, signal) =>
      recorded({ by: request.by, what: `balancer ${request.wanted}`, services: request.selectors, operation: null }, () =>
        api.setBackends(request, signal),
      ),
    removeLock: (request, signal) =>
      recorded({ by: request.by, what: 'lock -r', services: [], operation: null }, () => api.removeLock(request, signal)),
  };
}

type Asked = Omit<AuditLine, 'result' | 'why'>;

const refusedBy = (error: unknown): Pick<AuditLine, 'result' | 'why'> => ({
  result: 'refused',
  why: toAppError(error, 'failed', 'it failed').message,
});
