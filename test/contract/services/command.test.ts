import { mkdtemp, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CommandSection } from '../../../agent/config/config.js';
import { createProcesses, createServiceManager, type ServiceManager } from '../../../agent/services/index.js';
import { pidOf, type ProcessState } from '../../../shared/model/process.js';
import type { ServiceSpec } from '../../../shared/model/service.js';
import { systemClock } from '../../../shared/ports/clock.js';
import { exec, type Argv } from '../../../shared/ports/exec.js';
import { markProcesses } from '../../support/marked-processes.js';
import { program, startOf } from './programs.js';
import { describeServiceManager, type ManagerHarness } from './service-manager.js';

interface CommandHarness extends ManagerHarness {
  readonly folder: string;
  add(name: string, section: Partial<CommandSection> & { readonly start: Argv }, spec?: Partial<ServiceSpec>): ServiceSpec;
}

async function createHarness(): Promise<CommandHarness> {
  const folder = await mkdtemp(join(tmpdir(), 'services-'));
  const marked = markProcesses();
  const commands = new Map<string, CommandSection>();
  const add: CommandHarness['add'] = (name, section, spec = {}) => {
    commands.set(name, { stop: null, user: null, ...section });
    return {
      name,
      type: 'ZeoClient',
      serviceName: name,
      manager: 'command',
      ip: '127.0.0.1',
      port: 1,
      pidFile: join(folder, `${name}.pid`),
      ...spec,
    };
  };
  return {
    folder,
    add,
    manager: () =>
      createServiceManager({
        commands,
        stateDir: join(folder, 'state'),
        processes: createProcesses(),
        clock: systemClock,
        exec,
        env: marked.env,
        platform: process.platform,
        uid: process.getuid?.() ?? 0,
        booted: false,
      }),
    async service(behaviour) {
      const name = `service ${commands.size}`;
      return add(name, { start: startOf(behaviour, join(folder, name)) });
    },
    kill: async (pid) => void process.kill(pid, 'SIGKILL'),
    pids: () => marked.pids(),
    async end() {
      await marked.end();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

describeServiceManager('command', createHarness);

describe('command services', () => {
  let harness: CommandHarness;
  let manager: ServiceManager;
  const { signal } = new AbortController();
  beforeEach(async () => {
    harness = await createHarness();
    manager = harness.manager();
  });
  afterEach(() => harness.end());

  const state = (spec: ServiceSpec) => manager.state(spec, signal);
  const processOf = (found: ProcessState) => (found.state === 'running' ? found.process : expect.fail(JSON.stringify(found)));
  const pidWritten = (spec: ServiceSpec) =>
    expect.poll(() => readFile(spec.pidFile ?? '', 'utf8').catch(() => ''), { timeout: 10_000 }).toMatch(/^\d+\n$/);

  it('stops by the stop command', async () => {
    const pidFile = join(harness.folder, 'a.pid');
    const spec = harness.add('a', { start: program('stays.mjs', pidFile), stop: program('terminates.mjs', pidFile) });
    await manager.start(spec, signal);
    await pidWritten(spec);
    expect(await manager.stop(spec, { replacing: processOf(await state(spec)), deadlineMs: 20_000 }, signal)).toMatchObject({
      how: 'stopped',
    });
    expect(await harness.pids()).toEqual([]);
  });

  it('asks by SIGTERM when the stop command fails', async () => {
    const spec = harness.add('a', { start: program('stays.mjs', join(harness.folder, 'a.pid')), stop: program('fails.mjs') });
    await manager.start(spec, signal);
    await pidWritten(spec);
    expect(await manager.stop(spec, { replacing: processOf(await state(spec)), deadlineMs: 20_000 }, signal)).toMatchObject({
      how: 'stopped',
    });
  });

  it('kills service and stop command when the stop command hangs', async () => {
    const spec = harness.add('a', { start: program('stays.mjs', join(harness.folder, 'a.pid')), stop: program('waits-for-ever.mjs') });
    await manager.start(spec, signal);
    await pidWritten(spec);
    expect(await manager.stop(spec, { replacing: processOf(await state(spec)), deadlineMs: 100 }, signal)).toMatchObject({ how: 'killed' });
    expect(await harness.pids()).toEqual([]);
  });

  it('is down, and says that the pid file is stale, when its pid was reused', async () => {
    const spec = harness.add('a', { start: program('stays.mjs') });
    await writeFile(spec.pidFile ?? '', `${process.pid}\n`);
    await utimes(spec.pidFile ?? '', 1_000_000, 1_000_000);
    expect(await state(spec)).toEqual({
      state: 'down',
      failed: false,
      why: `stale pid file ${spec.pidFile ?? ''}: process ${process.pid} is younger than the file`,
    });
  });

  it('starts a service whose pid file is stale, and knows its process before the file is written anew', async () => {
    const spec = harness.add('a', { start: program('stays.mjs', join(harness.folder, 'a.pid'), '3600000') });
    await writeFile(spec.pidFile ?? '', '4194303\n');
    const id = processOf(await manager.start(spec, signal));
    expect(processOf(await state(spec))).toBe(id);
  });

  it('neither starts nor judges a service whose pid file holds no pid', async () => {
    const spec = harness.add('a', { start: program('stays.mjs') });
    await writeFile(spec.pidFile ?? '', 'garbage\n');
    expect(await state(spec)).toEqual({ state: 'unknown', why: `pid file ${spec.pidFile ?? ''} holds no pid` });
    await expect(manager.start(spec, signal)).rejects.toMatchObject({
      code: 'failed',
      message: `a was not started: pid file ${spec.pidFile ?? ''} holds no pid`,
    });
    expect(await harness.pids()).toEqual([]);
  });

  it('knows a process whose agent died between the start and the note of it', async () => {
    const spec = harness.add('a', { start: program('stays.mjs') });
    const id = processOf(await manager.start(spec, signal));
    const path = join(harness.folder, 'state/services/a.json');
    const record = JSON.parse(await readFile(path, 'utf8')) as object;
    await writeFile(path, JSON.stringify({ ...record, process: null }));
    manager = harness.manager();
    expect(processOf(await manager.start(spec, signal))).toBe(id);
  });

  it('forgets a process of an earlier boot', async () => {
    const spec = harness.add('a', { start: program('stays.mjs') });
    await manager.start(spec, signal);
    const path = join(harness.folder, 'state/services/a.json');
    const record = JSON.parse(await readFile(path, 'utf8')) as object;
    await writeFile(path, JSON.stringify({ ...record, bootId: 'another' }));
    expect(await state(spec)).toEqual({ state: 'down', failed: false, why: `no pid file ${spec.pidFile ?? ''}` });
  });

  it.skipIf(process.getuid?.() !== 0)("never stops a process that is not the service user's, whatever the pid file says", async () => {
    const victim = harness.add('victim', { start: program('stays.mjs', join(harness.folder, 'victim.pid')) });
    const replacing = processOf(await manager.start(victim, signal));
    const spec = harness.add('a', { start: program('stays.mjs'), user: 'nobody' });
    await writeFile(spec.pidFile ?? '', `${pidOf(replacing)}\n`);
    const why = `process ${pidOf(replacing)} of ${spec.pidFile ?? ''} belongs to uid 0, not to the service's user`;
    expect(await state(spec)).toEqual({ state: 'unknown', why });
    await expect(manager.stop(spec, { replacing, deadlineMs: 0 }, signal)).rejects.toMatchObject({ message: `a was not stopped: ${why}` });
    await expect(manager.start(spec, signal)).rejects.toMatchObject({ message: `a was not started: ${why}` });
    expect(processOf(await state(victim))).toBe(replacing);
  });

  it('does not take a process for its service that another one runs as, whatever the pid file says', async () => {
    const victim = harness.add('victim', { start: program('stays.mjs', join(harness.folder, 'victim.pid')) });
    const replacing = processOf(await manager.start(victim, signal));
    const spec = harness.add('a', { start: program('stays.mjs') });
    const own = processOf(await manager.start(spec, signal));
    await writeFile(spec.pidFile ?? '', `${pidOf(replacing)}\n`);
    const why = `process ${pidOf(replacing)} of ${spec.pidFile ?? ''} was not started by process ${pidOf(own)}, which runs as this service`;
    expect(await state(spec)).toEqual({ state: 'unknown', why });
    await expect(manager.stop(spec, { replacing, deadlineMs: 0 }, signal)).rejects.toMatchObject({ message: `a was not stopped: ${why}` });
    expect(processOf(await state(victim))).toBe(replacing);
  });

  it('does not start over a record that cannot be read', async () => {
    const spec = harness.add('a', { start: program('stays.mjs') });
    await manager.start(spec, signal);
    const path = join(harness.folder, 'state/services/a.json');
    await writeFile(path, '{');
    await expect(manager.start(spec, signal)).rejects.toMatchObject({
      code: 'failed',
      hint: `see that a is in order, then remove ${path}`,
    });
    expect(await harness.pids()).toHaveLength(1);
  });

  it('takes over the lock of an agent that died in the middle', async () => {
    const spec = harness.add('a', { start: program('stays.mjs') });
    await manager.start(spec, signal);
    await writeFile(join(harness.folder, 'state/services/a.lock'), 'another-boot 1@1');
    expect(processOf(await manager.start(spec, signal))).toBe(processOf(await state(spec)));
  });

  it('waits for the lock of a living agent no longer than the caller does', async () => {
    const spec = harness.add('a', { start: program('stays.mjs') });
    await manager.start(spec, signal);
    const processes = createProcesses();
    const self = await processes.inspect(process.pid);
    if (typeof self === 'string') throw new Error(self);
    await writeFile(join(harness.folder, 'state/services/a.lock'), `${await processes.bootId()} ${self.id}`);
    await expect(manager.start(spec, AbortSignal.timeout(200))).rejects.toMatchObject({ code: 'cancelled' });
  });

  it('names the section that agent.ini lacks', async () => {
    const spec = { ...harness.add('a', { start: program('stays.mjs') }), serviceName: 'b' };
    await expect(state(spec)).rejects.toMatchObject({ code: 'config', message: 'a: agent.ini has no section [command b]' });
  });

  it('names the manager that it does not drive', async () => {
    const spec = harness.add('a', { start: program('stays.mjs') }, { manager: 'systemd' });
    await expect(state(spec)).rejects.toMatchObject({
      code: 'unsupported',
      message: 'a has the service manager systemd, which does not run this host',
    });
  });

  it('finds the driver of a service by its section when none is named', async () => {
    const spec = harness.add('a', { start: program('stays.mjs') }, { manager: 'auto' });
    expect(await state(spec)).toMatchObject({ state: 'down' });
    await expect(state({ ...spec, serviceName: 'b' })).rejects.toMatchObject({ code: 'unsupported', message: 'a has no service manager' });
  });

  it('keeps files of services with odd names apart and inside its folder', async () => {
    const [one, two] = ['../evil', '..%2fevil'].map((name) => harness.add(name, { start: program('stays.mjs') }, { pidFile: undefined }));
    if (one === undefined || two === undefined) throw new Error('two services');
    const ids = [processOf(await manager.start(one, signal)), processOf(await manager.start(two, signal))];
    expect([processOf(await state(one)), processOf(await state(two))]).toEqual(ids);
    expect(new Set(ids).size).toBe(2);
  });
});
