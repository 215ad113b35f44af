import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createProcesses as createHostProcesses, createServiceManager, type ServiceManager } from '../../../agent/services/index.js';
import { createProcesses } from '../../../deploy/demo/processes.js';
import type { ProcessId } from '../../../shared/model/process.js';
import type { ServiceSpec } from '../../../shared/model/service.js';
import { systemClock } from '../../../shared/ports/clock.js';
import { exec } from '../../../shared/ports/exec.js';
import { program, startOf } from '../../contract/services/programs.js';
import { describeServiceManager, type Behaviour, type ManagerHarness } from '../../contract/services/service-manager.js';
import { markProcesses } from '../../support/marked-processes.js';
import { temporaryFolder } from '../../support/processes.js';
import { realPart, setUpLimit } from '../../support/real.js';
import { startSupervisor, type SupervisedProgram, type Supervisor } from '../../support/supervisor.js';
import { supervisorEnvironment } from '../../support/supervisor-env.js';

/** A process that there is no more. */
const GONE = '4194303@1' as ProcessId;

const environment = await realPart('supervisor', supervisorEnvironment({ signal: setUpLimit() }));
const { signal } = new AbortController();

interface SupervisorHarness extends ManagerHarness {
  readonly supervisor: Supervisor;
  readonly folder: string;
  spec(name: string): ServiceSpec;
}

/** A supervisord with these programs, and two of each behaviour. */
async function createHarness(
  more: (folder: string) => Readonly<Record<string, SupervisedProgram>> = () => ({}),
): Promise<SupervisorHarness> {
  if (environment === null) throw new Error('no supervisor');
  const folder = await temporaryFolder('sup');
  const marked = markProcesses();
  const own = createProcesses(join(folder, 'output'));
  const mark = Object.entries(marked.env).map(([name, value]) => `${name}="${value}"`);
  // Children are none of supervisor's business, and a program that ends is not started again: so the contract sees the driver.
  const keys = { autorestart: 'false', startsecs: 0, stopwaitsecs: 3600, environment: mark.join(',') };
  const programs = Object.fromEntries(
    BEHAVIOURS.flatMap((behaviour) =>
      [1, 2].map((number) => [nameOf(behaviour, number), { argv: startOf(behaviour, join(folder, nameOf(behaviour, number))), keys }]),
    ),
  );
  const others = Object.entries(more(folder)).map(([name, other]) => [name, { ...other, keys: { ...keys, ...other.keys } }] as const);
  const supervisor = await startSupervisor(environment, folder, { ...programs, ...Object.fromEntries(others) }, own, signal);
  await mkdir(join(folder, 'state'));
  const used = new Map<Behaviour, number>();
  const spec = (name: string): ServiceSpec => ({
    ...{ name, type: 'ZeoClient', serviceName: name, manager: 'supervisor', ip: '127.0.0.1', port: 1 },
    pidFile: join(folder, `${name}.pid`),
  });
  return {
    supervisor,
    folder,
    spec,
    manager: () => managerOf(folder, supervisor.socket),
    async service(behaviour) {
      const number = (used.get(behaviour) ?? 0) + 1;
      used.set(behaviour, number);
      return spec(nameOf(behaviour, number));
    },
    kill: async (pid) => void process.kill(pid, 'SIGKILL'),
    pids: () => marked.pids(),
    async end() {
      // Without it nothing is started again.
      supervisor.process.signal('SIGKILL');
      await supervisor.process.exited;
      await marked.end();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

const BEHAVIOURS = ['stays', 'names itself late', 'fails', 'ignores the request to stop', 'leaves children', 'is missing'] as const;
const nameOf = (behaviour: Behaviour, number: number) => `${behaviour.replaceAll(' ', '-')}-${number}`;

const managerOf = (folder: string, socket: string): ServiceManager =>
  createServiceManager({
    ...{ commands: new Map(), supervisor: { socket }, stateDir: join(folder, 'state'), processes: createHostProcesses() },
    ...{ clock: systemClock, exec, env: {}, platform: process.platform, uid: process.getuid?.() ?? 0, booted: false },
  });

describe.skipIf(environment === null)('under a real supervisor', () => {
  // supervisor wants its programs in the foreground.
  describeServiceManager('supervisor', () => createHarness(), { lacks: ['leaves a daemon'] });

  describe('programs of supervisor', () => {
    let harness: SupervisorHarness;
    let manager: ServiceManager;
    beforeEach(async () => {
      harness = await createHarness((folder) => ({
        eager: { argv: program('stays.mjs', join(folder, 'eager.pid')), keys: { autorestart: 'true' } },
        hopeless: { argv: program('fails.mjs'), keys: { startsecs: 5, startretries: 0 } },
        hopeful: { argv: program('fails.mjs'), keys: { startsecs: 5, startretries: 1000 } },
        wrapped: { argv: ['/bin/sh', '-c', `${program('stays.mjs', join(folder, 'wrapped.pid')).join(' ')}; exit 0`] },
      }));
      manager = harness.manager();
    });
    afterEach(() => harness.end());

    const running = async (spec: ServiceSpec): Promise<ProcessId> => {
      await expect.poll(() => manager.state(spec, signal), { timeout: 10_000 }).toMatchObject({ state: 'running' });
      const state = await manager.state(spec, signal);
      return state.state === 'running' ? state.process : expect.fail(state.why);
    };

    it('are stopped although supervisor starts them again whenever they end', async () => {
      const spec = harness.spec('eager');
      await manager.start(spec, signal);
      const first = await running(spec);
      await harness.kill(Number(first.split('@')[0]));
      await expect.poll(() => manager.state(spec, signal), { timeout: 10_000 }).not.toMatchObject({ process: first });
      const second = await running(spec);
      expect(await manager.stop(spec, { replacing: first, deadlineMs: 5_000 }, signal)).toEqual({ how: 'gone', ms: 0 });
      expect(await running(spec)).toBe(second);
      expect(await manager.stop(spec, { replacing: second, deadlineMs: 5_000 }, signal)).toMatchObject({ how: 'stopped' });
      expect(await manager.state(spec, signal)).toEqual({ state: 'down', failed: false, why: 'stopped' });
      expect(await harness.pids()).toEqual([]);
    });

    it('have failed with the end of their output once supervisor gives up', async () => {
      const spec = harness.spec('hopeless');
      await manager.start(spec, signal);
      await expect.poll(() => manager.state(spec, signal), { timeout: 10_000 }).toMatchObject({ state: 'down', failed: true });
      expect(await manager.state(spec, signal)).toMatchObject({
        why: 'supervisor has given up: Exited too quickly (process log may have details): Traceback (most recent call last): | OSError: [Errno 98] Address already in use',
      });
    });

    it('are starting as long as supervisor tries', async () => {
      const spec = harness.spec('hopeful');
      await manager.start(spec, signal);
      await expect.poll(() => manager.state(spec, signal), { timeout: 10_000 }).toMatchObject({ state: 'starting' });
    });

    it('are not started again by supervisor once they are to be stopped', async () => {
      const spec = harness.spec('hopeful');
      await manager.start(spec, signal);
      // It can have a process just then, which is not the one that is to be stopped.
      const stopped = async () => {
        expect(await manager.stop(spec, { replacing: GONE, deadlineMs: 5_000 }, signal)).toEqual({ how: 'gone', ms: 0 });
        return manager.state(spec, signal);
      };
      await expect.poll(stopped, { timeout: 10_000 }).toMatchObject({ state: 'down', failed: false });
    });

    it('are the process of their pid file where a shell stands above it', async () => {
      const spec = harness.spec('wrapped');
      await manager.start(spec, signal);
      await expect.poll(() => harness.pids(), { timeout: 10_000 }).toHaveLength(2);
      const info = await harness.supervisor.rpc('getProcessInfo', ['wrapped'], signal);
      const shell = info.ok && typeof info.value === 'object' && info.value !== null && 'pid' in info.value ? info.value.pid : null;
      await expect.poll(async () => Number((await running(spec)).split('@')[0]), { timeout: 10_000 }).not.toBe(shell);
      expect(await manager.stop(spec, { replacing: await running(spec), deadlineMs: 5_000 }, signal)).toMatchObject({ how: 'stopped' });
      expect(await harness.pids()).toEqual([]);
    });

    it('that do not exist are named', async () => {
      const spec = { ...harness.spec('none'), name: 'zeoclient1.1' };
      const expected = { code: 'not-found', message: 'zeoclient1.1: supervisor has no program none' };
      await expect(manager.state(spec, signal)).rejects.toMatchObject(expected);
      await expect(manager.start(spec, signal)).rejects.toMatchObject(expected);
    });

    it.each(['*', 'eager:*', 'eager:', 'a:b:c', ''])('are never taken for several at once: "%s"', async (serviceName) => {
      const spec = { ...harness.spec('eager'), serviceName };
      await expect(manager.start(spec, signal)).rejects.toMatchObject({
        code: 'config',
        message: `eager: "${serviceName}" does not name one program of supervisor`,
      });
      expect(await harness.pids()).toEqual([]);
    });

    it('are unknown, and neither started nor stopped, while supervisor does not answer', async () => {
      const spec = harness.spec('eager');
      await manager.start(spec, signal);
      const replacing = await running(spec);
      harness.supervisor.process.signal('SIGKILL');
      await harness.supervisor.process.exited;
      expect(await manager.state(spec, signal)).toMatchObject({ state: 'unknown' });
      const expected = {
        code: 'unreachable',
        message: expect.stringContaining(`supervisor does not answer at ${harness.supervisor.socket}`) as string,
      };
      await expect(manager.start(spec, signal)).rejects.toMatchObject(expected);
      await expect(manager.stop(spec, { replacing, deadlineMs: 0 }, signal)).rejects.toMatchObject(expected);
      expect(await harness.pids()).toHaveLength(1);
    });

    it('say where supervisor was looked for when there is no socket', async () => {
      const spec = harness.spec('eager');
      const nowhere = join(harness.folder, 'none.sock');
      await expect(managerOf(harness.folder, nowhere).start(spec, signal)).rejects.toMatchObject({
        code: 'unreachable',
        message: `supervisor does not answer at ${nowhere}: connect ENOENT ${nowhere}`,
        hint: 'is supervisord running, and is socket of [supervisor] in agent.ini its file of [unix_http_server]?',
      });
    });
  });
});
