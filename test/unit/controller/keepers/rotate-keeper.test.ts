import { describe, expect, it } from 'vitest';
import { startRotateKeeper } from '../../../../controller/keepers/rotate-keeper.js';
import type { RotationSchedule, Service } from '../../../../controller/config/cluster.js';
import { AppError } from '../../../../shared/errors.js';
import { createLogger } from '../../../../shared/log.js';
import type { AgentApi } from '../../../../shared/model/agent-api.js';
import type { RunRequest } from '../../../../shared/model/control-api.js';
import type { OperationEvent } from '../../../../shared/model/operation.js';
import type { Clock } from '../../../../shared/ports/clock.js';
import { aCluster, aFleet, aService } from '../checks/fixtures.js';

const at = (hour: number, minute: number): number => new Date(2026, 2, 5, hour, minute).getTime();
const NIGHTLY: RotationSchedule = { at: { hour: 3, minute: 30 }, atBytes: 0 };

const rotation = { logs: ['/srv/event.log'], archiveDir: '/srv/archive', compress: 'none', keepDays: 0, method: 'auto' } as const;
const withLogs = (name: string, schedule: RotationSchedule): Service => aService({ name, rotation }, { schedule });

interface Watched {
  readonly services: readonly Service[];
  readonly agent?: Partial<AgentApi>;
  readonly from: number;
  readonly hours: number;
  /** How the nth rotation ends. */
  readonly ends?: (nth: number) => 'done' | 'failed' | 'conflict';
}

/** Lets hours pass, and tells when which services were rotated. */
async function watch({ services, agent = {}, from, hours, ends = () => 'done' }: Watched): Promise<string[]> {
  const rotated: string[] = [];
  let now = from;
  let over: () => void = () => undefined;
  const ended = new Promise<void>((resolve) => (over = resolve));
  const clock: Clock = {
    now: () => now,
    async sleep(ms, signal) {
      now += ms;
      if (now < from + hours * 3_600_000) return;
      over();
      await new Promise((_, reject) => signal.addEventListener('abort', reject, { once: true }));
    },
  };
  async function* run(request: RunRequest): AsyncIterable<OperationEvent> {
    const end = ends(rotated.length + 1);
    const time = new Date(now).toTimeString().slice(0, 5);
    rotated.push(`${time} ${request.action} ${request.selectors.join(' ')} ${end}`);
    if (end === 'conflict') throw new AppError('conflict', 'operation x is running');
    const result = { operation: 'id', action: 'rotate', outcome: 'completed', exit: 0, seconds: 1, why: null } as const;
    const members = request.selectors.map((name) => ({ name, result: end, why: null, lastLogEntry: null, stepsMs: {} }));
    yield { type: 'result', result: { ...result, services: members } };
  }
  const log = createLogger({ name: 'test', level: 'error', write: () => undefined });
  const keeper = startRotateKeeper({ config: () => aCluster(services), fleet: aFleet({ web1: agent }), operations: { run }, clock, log });
  await ended;
  await keeper.stop();
  return rotated;
}

const ofSize = (sizeBytes: number): Partial<AgentApi> => ({
  rotation: async () => ({
    shortage: null,
    logs: [{ log: '/srv/event.log', method: 'copy', sizeBytes, archive: null, loss: null, why: null }],
  }),
});

describe('a controller that rotates by itself', () => {
  it('does so once a day at rotate_at, all that are due together', async () => {
    const services = [withLogs('c1', NIGHTLY), withLogs('c2', NIGHTLY), withLogs('c3', { at: null, atBytes: 0 })];
    expect(await watch({ services, from: at(2, 0), hours: 26 })).toEqual(['03:30 rotate c1 c2 done', '03:30 rotate c1 c2 done']);
  });

  it('does so when a log has grown over rotate_size', async () => {
    const services = [withLogs('c1', { at: null, atBytes: 1000 })];
    expect(await watch({ services, agent: ofSize(999), from: at(2, 0), hours: 1 })).toEqual([]);
    expect((await watch({ services, agent: ofSize(1000), from: at(2, 0), hours: 0.1 }))[0]).toBe('02:00 rotate c1 done');
  });

  it('waits for another operation, and comes after it', async () => {
    const rotated = await watch({
      services: [withLogs('c1', NIGHTLY)],
      from: at(3, 0),
      hours: 1,
      ends: (nth) => (nth < 3 ? 'conflict' : 'done'),
    });
    expect(rotated).toEqual(['03:30 rotate c1 conflict', '03:30 rotate c1 conflict', '03:30 rotate c1 done']);
  });

  it('tries again an hour later what could not be rotated for its size, not every few minutes', async () => {
    const services = [withLogs('c1', { at: null, atBytes: 1000 })];
    const rotated = await watch({ services, agent: ofSize(2000), from: at(2, 0), hours: 2.5, ends: () => 'failed' });
    expect(rotated).toEqual(['02:00 rotate c1 failed', '03:00 rotate c1 failed', '04:00 rotate c1 failed']);
  });

  it('passes over an agent that is away', async () => {
    expect(await watch({ services: [withLogs('c1', { at: null, atBytes: 1 })], from: at(2, 0), hours: 1 })).toEqual([]);
  });
});
