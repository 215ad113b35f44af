import { describe, expect, it } from 'vitest';
import { observe, type ObserveSources } from '../../../agent/observe.js';
import { AppError } from '../../../shared/errors.js';
import { processId, type ProcessState } from '../../../shared/model/process.js';

const id = processId(42, 7);
const running: ProcessState = { state: 'running', process: id, startedAt: 0 };
const memory = { ok: true, process: id, rssKb: 7, uptimeS: 8 } as const;
const report = { ok: true, since: null, findings: 0, entries: [], last: null } as const;
const never = () => new Promise<never>(() => undefined);
const { signal } = new AbortController();

const look = (over: Partial<ObserveSources>, options = { signal, timeoutMs: 50 }) =>
  observe({ service: 'c1', process: async () => running, memory: async () => memory, log: async () => report, ...over }, options);

describe('what is observed of a service', () => {
  it('is its process, the memory of that process, and its log', async () => {
    expect(await look({})).toEqual({ process: running, memory, log: report });
  });

  it('leaves the log alone that nobody asks for', async () => {
    expect(await look({ log: null })).toEqual({ process: running, memory, log: null });
  });

  it('is known in part when a log takes too long to read', async () => {
    expect(await look({ log: never })).toEqual({ process: running, memory, log: { ok: false, why: 'log c1 took longer than 45 ms' } });
  });

  it('is known in part when the service manager does not answer, or cannot', async () => {
    const why = 'process c1 took longer than 45 ms';
    expect(await look({ process: never })).toEqual({
      process: { state: 'unknown', why },
      memory: { ok: false, why: `c1 is unknown: ${why}` },
      log: report,
    });
    const refuses = () => Promise.reject(new AppError('config', 'agent.ini has no section [command c1]'));
    expect(await look({ process: refuses })).toMatchObject({ process: { state: 'unknown', why: 'agent.ini has no section [command c1]' } });
  });

  it('measures nothing of a process that does not run, and says why', async () => {
    const down: ProcessState = { state: 'down', failed: false, why: 'stopped' };
    expect(await look({ process: async () => down })).toMatchObject({ process: down, memory: { ok: false, why: 'c1 is down: stopped' } });
  });

  it('is given up when nobody waits for it any more', async () => {
    const abort = new AbortController();
    const looking = look({ log: never }, { signal: abort.signal, timeoutMs: 60_000 });
    abort.abort(new AppError('cancelled', 'the link was lost'));
    await expect(looking).rejects.toMatchObject({ code: 'cancelled' });
  });
});
