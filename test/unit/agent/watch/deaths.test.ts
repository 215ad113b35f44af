import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import { createProcesses, type ServiceManager } from '../../../../agent/services/index.js';
import { createDeaths } from '../../../../agent/watch/deaths.js';
import { AppError } from '../../../../shared/errors.js';
import { pidOf, type ProcessId, type ProcessState } from '../../../../shared/model/process.js';
import { aService } from '../../../contract/agent-api/fake-agent.js';

const children: ChildProcess[] = [];
afterEach(async () => {
  for (const child of children.splice(0)) await end(child);
});

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}

const processes = createProcesses();
const spec = aService('zope');
const signal = new AbortController().signal;

/** A service manager whose one service is a real process. */
async function setUp() {
  let now = 0;
  let state: ProcessState = { state: 'down', why: 'not started', failed: false };
  let asked = 0;
  const told: string[] = [];
  const running = new Map<ProcessId, ChildProcess>();
  const manager: ServiceManager = {
    async state() {
      asked += 1;
      return state;
    },
    async start() {
      const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
      children.push(child);
      await once(child, 'spawn');
      const found = await processes.inspect(child.pid ?? 0);
      if (typeof found === 'string') throw new Error(found);
      running.set(found.id, child);
      state = { state: 'running', process: found.id, startedAt: 0 };
      return state;
    },
    async stop(_, { replacing }) {
      await kill(replacing);
      return { how: 'stopped', ms: 1 };
    },
  };
  const deaths = createDeaths({
    manager,
    processes,
    clock: { now: () => now, sleep: () => Promise.reject(new Error('nobody waits here')) },
    onDeath: async (service, id, why) => void told.push(`${service} ${id}: ${why}`),
  });
  deaths.assign([spec]);
  return { deaths, manager, told, kill, look, start, asked: () => asked, later: (ms: number) => void (now += ms) };

  async function kill(id: ProcessId): Promise<void> {
    const child = running.get(id);
    if (child !== undefined) await end(child);
    state = { state: 'down', why: 'killed', failed: false };
  }

  async function start(by = manager): Promise<ProcessId> {
    const started = await by.start(spec, signal);
    if (started.state !== 'running') throw new Error(started.state);
    return started.process;
  }

  async function look(): Promise<void> {
    now += 60_000;
    await deaths.look(signal);
  }
}

describe.skipIf(process.platform !== 'linux')('the death of a process', () => {
  it('is told once, with what its service manager says', async () => {
    const { told, look, start, kill } = await setUp();
    const id = await start();
    await look();
    await kill(id);
    await look();
    await look();
    expect(told).toEqual([`zope ${id}: process ${pidOf(id)} has ended: killed`]);
  });

  it('is told of a process that nobody but a check has seen', async () => {
    const { deaths, told, look, start, kill } = await setUp();
    await look();
    const id = await start();
    await deaths.manager.state(spec, signal);
    await kill(id);
    await deaths.look(signal);
    expect(told).toEqual([`zope ${id}: process ${pidOf(id)} has ended: killed`]);
  });

  it('is told once, although an answer from before it comes late', async () => {
    const { deaths, manager, told, look, start, kill } = await setUp();
    const id = await start(deaths.manager);
    await look();
    await deaths.manager.stop(spec, { replacing: id, deadlineMs: 1000 }, signal);
    await kill(id);
    await look();
    manager.state = () => Promise.resolve({ state: 'running', process: id, startedAt: 0 });
    await deaths.manager.state(spec, signal);
    await look();
    expect(told).toEqual([]);
  });

  it('is told with the process that runs in its place', async () => {
    const { told, look, start, kill } = await setUp();
    const id = await start();
    await look();
    await kill(id);
    const next = await start();
    await look();
    expect(told).toEqual([`zope ${id}: process ${pidOf(id)} has ended, and process ${pidOf(next)} runs in its place`]);
    await kill(next);
    await look();
    expect(told).toHaveLength(2);
  });

  it('is none when ctl itself has stopped it, and the next one is one again', async () => {
    const { deaths, told, look, start, kill } = await setUp();
    const id = await start(deaths.manager);
    await look();
    await deaths.manager.stop(spec, { replacing: id, deadlineMs: 1000 }, signal);
    await look();
    expect(told).toEqual([]);
    const next = await start(deaths.manager);
    await look();
    await kill(next);
    await look();
    expect(told).toHaveLength(1);
  });

  it('is one after a stop that was refused', async () => {
    const { deaths, manager, told, look, start, kill } = await setUp();
    const id = await start();
    await look();
    manager.stop = () => Promise.reject(new AppError('denied', 'not by you'));
    await expect(deaths.manager.stop(spec, { replacing: id, deadlineMs: 1000 }, signal)).rejects.toMatchObject({ code: 'denied' });
    await kill(id);
    await look();
    expect(told).toHaveLength(1);
  });

  it('is not looked for where the service is not assigned any more', async () => {
    const { deaths, told, look, start, kill } = await setUp();
    const id = await start();
    await look();
    deaths.assign([]);
    await kill(id);
    await look();
    expect(told).toEqual([]);
  });

  it('costs no question to the service manager while the process lives, and few while there is none', async () => {
    const { deaths, look, start, asked, later } = await setUp();
    for (let second = 0; second < 64; second++) {
      await deaths.look(signal);
      later(1000);
    }
    expect(asked()).toBeLessThan(10);
    await start();
    await look();
    const before = asked();
    for (let n = 0; n < 20; n++) await look();
    expect(asked()).toBe(before);
  });

  it('is not what a manager means that does not answer', async () => {
    const { manager, told, look, start } = await setUp();
    await start();
    await look();
    manager.state = () => Promise.reject(new AppError('unreachable', 'systemd does not answer'));
    await look();
    expect(told).toEqual([]);
  });
});
