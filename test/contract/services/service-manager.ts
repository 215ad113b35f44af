import { readFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ServiceManager } from '../../../agent/services/index.js';
import type { ProcessId, ProcessState } from '../../../shared/model/process.js';
import type { ServiceSpec } from '../../../shared/model/service.js';

/** What a service of the suite does. Each has a pid file. */
export type Behaviour =
  | 'stays' // in the foreground, pid file at once
  | 'names itself late' // in the foreground, its pid file never comes while the test looks
  | 'leaves a daemon'
  | 'fails'
  | 'ignores the request to stop'
  | 'leaves children' // which run on when it has ended
  | 'is missing'; // its program does not exist

export interface ManagerHarness {
  /** A manager as after a start of the agent: it knows what is on the disk, and nothing else. */
  manager(): ServiceManager;
  service(behaviour: Behaviour): Promise<ServiceSpec>;
  /** SIGKILL from outside, as by an operator, to a process of `pids`. */
  kill(pid: number): Promise<void>;
  /** The pids of all processes that the services left running. */
  pids(): Promise<number[]>;
  end(): Promise<void>;
}

/** The contract of ServiceManager, for every driver. `lacks`: what its services cannot be by nature. */
export function describeServiceManager(
  driver: string,
  createHarness: () => Promise<ManagerHarness>,
  { lacks = [] }: { readonly lacks?: readonly Behaviour[] } = {},
): void {
  describe(`service manager: ${driver}`, () => {
    let harness: ManagerHarness;
    let manager: ServiceManager;
    const { signal } = new AbortController();
    beforeEach(async () => {
      harness = await createHarness();
      manager = harness.manager();
    });
    afterEach(() => harness.end());

    const running = async (spec: ServiceSpec, by = manager): Promise<ProcessId> => {
      const state = await expect
        .poll(() => by.state(spec, signal), { timeout: 10_000 })
        .toMatchObject({ state: 'running' })
        .then(() => by.state(spec, signal));
      return idOf(state);
    };
    /** Started, and known by its pid file. */
    const started = async (spec: ServiceSpec): Promise<ProcessId> => {
      await manager.start(spec, signal);
      await expect.poll(() => readFile(spec.pidFile ?? '', 'utf8').catch(() => ''), { timeout: 10_000 }).toMatch(/^\d+\n$/);
      return running(spec);
    };

    it('says of a service that was never started that it is down, not that it failed', async () => {
      expect(await manager.state(await harness.service('stays'), signal)).toMatchObject({ state: 'down', failed: false });
    });

    it('starts a service and tells its process', async () => {
      const spec = await harness.service('stays');
      const id = await started(spec);
      expect(id).toMatch(/^\d+@\d+$/);
      expect(await harness.pids()).toEqual([Number(id.split('@')[0])]);
    });

    it('leaves a running service alone when it is started again', async () => {
      const spec = await harness.service('stays');
      const id = await started(spec);
      expect(idOf(await manager.start(spec, signal))).toBe(id);
      expect(await harness.pids()).toHaveLength(1);
    });

    it('starts a service once when it is asked twice at the same time', async () => {
      const spec = await harness.service('names itself late');
      const [one, two] = await Promise.all([manager.start(spec, signal), manager.start(spec, signal)]);
      expect(idOf(one)).toBe(idOf(two));
      expect(await harness.pids()).toHaveLength(1);
    });

    it('starts a service once when two agents are asked at the same time', async () => {
      const spec = await harness.service('names itself late');
      const [one, two] = await Promise.all([manager.start(spec, signal), harness.manager().start(spec, signal)]);
      expect(idOf(one)).toBe(idOf(two));
      expect(await harness.pids()).toHaveLength(1);
    });

    it('knows a process that has not written its pid file yet, also after a restart of the agent', async () => {
      const spec = await harness.service('names itself late');
      const id = idOf(await manager.start(spec, signal));
      expect(idOf(await harness.manager().state(spec, signal))).toBe(id);
    });

    if (!lacks.includes('leaves a daemon')) {
      it('finds the daemon that a start command leaves', async () => {
        const spec = await harness.service('leaves a daemon');
        expect(['starting', 'running']).toContain((await manager.start(spec, signal)).state);
        const id = await started(spec);
        expect(await harness.pids()).toEqual([Number(id.split('@')[0])]);
      });
    }

    it('tells a start command that failed, with the end of its output', async () => {
      const spec = await harness.service('fails');
      await manager.start(spec, signal);
      await expect.poll(() => manager.state(spec, signal), { timeout: 10_000 }).toMatchObject({ state: 'down', failed: true });
      const state = await manager.state(spec, signal);
      expect(state).toMatchObject({ why: expect.stringContaining('exit code 1') as string });
      expect(state).toMatchObject({ why: expect.stringContaining('Address already in use') as string });
    });

    it('rejects with the name of a program that does not exist', async () => {
      const start = manager.start(await harness.service('is missing'), signal);
      await expect(start).rejects.toMatchObject({ code: 'failed', message: expect.stringContaining('no such program') as string });
    });

    it('stops a service that goes when it is asked', async () => {
      const spec = await harness.service('stays');
      const replacing = await started(spec);
      expect(await manager.stop(spec, { replacing, deadlineMs: 20_000 }, signal)).toMatchObject({ how: 'stopped' });
      expect(await harness.pids()).toEqual([]);
      expect(await manager.state(spec, signal)).toMatchObject({ state: 'down', failed: false });
    });

    it('kills a service that does not go', async () => {
      const spec = await harness.service('ignores the request to stop');
      const replacing = await started(spec);
      expect(await manager.stop(spec, { replacing, deadlineMs: 100 }, signal)).toMatchObject({ how: 'killed' });
      expect(await harness.pids()).toEqual([]);
    });

    it('says that a killed service is down although its pid file is still there', async () => {
      const spec = await harness.service('stays');
      await harness.kill(Number((await started(spec)).split('@')[0]));
      await expect.poll(() => manager.state(spec, signal), { timeout: 10_000 }).toMatchObject({ state: 'down' });
      expect(await readFile(spec.pidFile ?? '', 'utf8')).toMatch(/^\d+\n$/);
    });

    it('ends the children that a service leaves behind', async () => {
      const spec = await harness.service('leaves children');
      const replacing = await started(spec);
      expect(await harness.pids()).toHaveLength(2);
      await manager.stop(spec, { replacing, deadlineMs: 20_000 }, signal);
      expect(await harness.pids()).toEqual([]);
    });

    it('stops nothing when the process to be replaced is gone', async () => {
      const spec = await harness.service('stays');
      const replacing = await started(spec);
      await manager.stop(spec, { replacing, deadlineMs: 20_000 }, signal);
      const next = await started(spec);
      expect(next).not.toBe(replacing);
      expect(await manager.stop(spec, { replacing, deadlineMs: 0 }, signal)).toEqual({ how: 'gone', ms: 0 });
      expect(await running(spec)).toBe(next);
    });

    it('stops nothing when the pid belongs to another process by now', async () => {
      const spec = await harness.service('stays');
      const id = await started(spec);
      const reused = `${id.split('@')[0] ?? ''}@1` as ProcessId;
      expect(await manager.stop(spec, { replacing: reused, deadlineMs: 0 }, signal)).toEqual({ how: 'gone', ms: 0 });
      expect(await running(spec)).toBe(id);
    });

    it('stops nothing when the process is not one of the service', async () => {
      const [spec, neighbour] = [await harness.service('stays'), await harness.service('ignores the request to stop')];
      const [id, other] = [await started(spec), await started(neighbour)];
      expect(await manager.stop(spec, { replacing: other, deadlineMs: 0 }, signal)).toEqual({ how: 'gone', ms: 0 });
      expect(await Promise.all([running(spec), running(neighbour)])).toEqual([id, other]);
    });

    it('stops and starts a service under a restarted agent', async () => {
      const spec = await harness.service('stays');
      const replacing = await started(spec);
      manager = harness.manager();
      expect(await manager.stop(spec, { replacing, deadlineMs: 20_000 }, signal)).toMatchObject({ how: 'stopped' });
      expect(await started(spec)).not.toBe(replacing);
    });

    it('gives up a stop when the caller goes away', async () => {
      const spec = await harness.service('ignores the request to stop');
      const replacing = await started(spec);
      const abort = new AbortController();
      const stop = manager.stop(spec, { replacing, deadlineMs: 60_000 }, abort.signal);
      abort.abort();
      await expect(stop).rejects.toMatchObject({ code: 'cancelled' });
      expect(await running(spec)).toBe(replacing);
    });
  });
}

function idOf(state: ProcessState): ProcessId {
  if (state.state !== 'running') throw new Error(`not running: ${JSON.stringify(state)}`);
  return state.process;
}
