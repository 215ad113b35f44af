import { randomUUID } from 'node:crypto';
import { chmod, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { CommandSection } from '../../../agent/config/config.js';
import type { ServiceManager } from '../../../agent/services/index.js';
import { pidOf, type ProcessState } from '../../../shared/model/process.js';
import type { ServiceSpec } from '../../../shared/model/service.js';
import type { Argv } from '../../../shared/ports/exec.js';
import { program, startOf } from '../../contract/services/programs.js';
import { describeServiceManager, type ManagerHarness } from '../../contract/services/service-manager.js';
import { suiteProcesses } from '../../support/processes.js';
import { realPart, setUpLimit } from '../../support/real.js';
import { bootSystemd, type SystemdHost } from '../../support/systemd.js';
import { systemdEnvironment } from '../../support/systemd-env.js';
import { managersIn } from '../../support/systemd-manager.js';

const environment = await realPart('a system under systemd', systemdEnvironment({ signal: setUpLimit() }));
const repository = join(import.meta.dirname, '../../..');
const { signal } = new AbortController();

describe.skipIf(environment === null)('commands on a host under systemd', () => {
  const prepare = suiteProcesses('cu');
  let host: SystemdHost;
  let folder: string;
  beforeAll(async () => {
    if (environment === null) throw new Error('no systemd');
    const suite = await prepare();
    folder = suite.folder;
    await chmod(folder, 0o755);
    host = await bootSystemd(environment, { ...suite, readOnly: [repository], signal });
  });
  afterAll(() => host.end());

  interface CommandHarness extends ManagerHarness {
    readonly folder: string;
    add(name: string, section: Partial<CommandSection> & { readonly start: Argv }): ServiceSpec;
  }

  async function createHarness(): Promise<CommandHarness> {
    const own = await mkdtemp(join(folder, 'h-'));
    await chmod(own, 0o777);
    const [name, value] = ['CTL_TEST_MARK', randomUUID()];
    const commands = new Map<string, CommandSection>();
    const manager = await managersIn(host, own, { commands, env: { [name]: value, INVOCATION_ID: 'agent' } });
    const pids = () => host.pidsWith(`${name}=${value}`);
    const add: CommandHarness['add'] = (service, section) => {
      commands.set(service, { stop: null, user: null, ...section });
      return {
        ...{ name: service, type: 'ZeoClient', serviceName: service, manager: 'command', ip: '127.0.0.1', port: 1 },
        pidFile: join(own, `${service}.pid`),
      };
    };
    return {
      folder: own,
      add,
      manager,
      async service(behaviour) {
        const service = `service-${commands.size}`;
        return add(service, { start: startOf(behaviour, join(own, service)) });
      },
      kill: (pid) => host.kill(pid, 'SIGKILL'),
      pids,
      async end() {
        for (let left = await pids(); left.length > 0; left = await pids())
          for (const pid of left) await host.kill(pid, 'SIGKILL').catch(() => undefined);
      },
    };
  }

  describeServiceManager('command, as units of systemd', createHarness);

  describe('a service started by a command', () => {
    let harness: CommandHarness;
    let manager: ServiceManager;
    beforeEach(async () => {
      harness = await createHarness();
      manager = harness.manager();
    });
    afterEach(() => harness.end());

    const pid = (state: ProcessState) => (state.state === 'running' ? pidOf(state.process) : expect.fail(JSON.stringify(state)));
    const groupOf = async (of: number) => {
      const found = await host.processes.inspect(of);
      return typeof found === 'object' ? host.processes.controlGroupOf(found) : null;
    };

    it("is in a unit of its own, as the service's user", async () => {
      const spec = harness.add('own', { start: program('stays.mjs', join(harness.folder, 'own.pid')), user: 'nobody' });
      const found = pid(await manager.start(spec, signal));
      expect(await groupOf(found)).toMatch(/^\/system\.slice\/ctl-own-[0-9a-f]{8}\.service$/);
      expect(await readFile(host.path(`/proc/${found}/status`), 'utf8')).toMatch(/^Uid:\t65534\t65534\t65534\t65534$/m);
      expect(await readFile(host.path(`/proc/${found}/environ`), 'utf8')).not.toContain('INVOCATION_ID=agent');
    });

    it('leaves nothing in systemd when it has been stopped', async () => {
      const spec = harness.add('gone', { start: program('leaves-a-daemon.mjs', join(harness.folder, 'gone.pid')) });
      await manager.start(spec, signal);
      await expect.poll(() => manager.state(spec, signal), { timeout: 10_000 }).toMatchObject({ state: 'running' });
      const state = await manager.state(spec, signal);
      if (state.state !== 'running') return expect.fail(state.why);
      expect(await manager.stop(spec, { replacing: state.process, deadlineMs: 20_000 }, signal)).toMatchObject({ how: 'stopped' });
      await expect
        .poll(() => host.run(['systemctl', 'list-units', '--all', '--plain', '--no-legend', 'ctl-gone-*']), { timeout: 10_000 })
        .toBe('');
    });

    it('starts again after it failed, and leaves no failed unit behind', async () => {
      const spec = harness.add('again', { start: program('fails.mjs') });
      for (let round = 0; round < 3; round += 1) {
        await manager.start(spec, signal);
        await expect.poll(() => manager.state(spec, signal), { timeout: 10_000 }).toMatchObject({ state: 'down', failed: true });
      }
      const failed = await host.run(['systemctl', 'list-units', '--all', '--plain', '--no-legend', 'ctl-again-*']);
      expect(failed.trim().split('\n')).toHaveLength(1);
    });

    it('says how its start command ended, also to an agent that has been started since', async () => {
      const spec = harness.add('told', { start: program('fails.mjs') });
      await manager.start(spec, signal);
      const why =
        'its start command ended with exit code 1: Traceback (most recent call last): | OSError: [Errno 98] Address already in use';
      await expect.poll(() => manager.state(spec, signal), { timeout: 10_000 }).toEqual({ state: 'down', failed: true, why });
      const path = join(harness.folder, 'state/services/told.json');
      const record = JSON.parse(await readFile(path, 'utf8')) as object;
      await writeFile(path, JSON.stringify({ ...record, ended: null }));
      expect(await harness.manager().state(spec, signal)).toEqual({ state: 'down', failed: true, why });
    });

    it('stops by its stop command, outside the agent', async () => {
      const pidFile = join(harness.folder, 'asked.pid');
      const group = join(harness.folder, 'group');
      const stop = ['/bin/sh', '-c', `cat /proc/self/cgroup > ${group}; kill $(cat ${pidFile})`] as const;
      const spec = harness.add('asked', { start: program('stays.mjs', pidFile), stop });
      const state = await manager.start(spec, signal);
      await expect.poll(() => readFile(pidFile, 'utf8').catch(() => ''), { timeout: 10_000 }).toMatch(/^\d+\n$/);
      if (state.state !== 'running') return expect.fail(state.why);
      expect(await manager.stop(spec, { replacing: state.process, deadlineMs: 20_000 }, signal)).toMatchObject({ how: 'stopped' });
      expect(await readFile(group, 'utf8')).toMatch(/\/ctl-asked-stop-[0-9a-f]{8}\.service$/m);
      expect(await harness.pids()).toEqual([]);
    });

    it('is killed with its stop command when that hangs', async () => {
      const spec = harness.add('hangs', {
        start: program('stays.mjs', join(harness.folder, 'h.pid')),
        stop: program('waits-for-ever.mjs'),
      });
      const state = await manager.start(spec, signal);
      if (state.state !== 'running') return expect.fail(state.why);
      expect(await manager.stop(spec, { replacing: state.process, deadlineMs: 500 }, signal)).toMatchObject({ how: 'killed' });
      await expect.poll(() => harness.pids(), { timeout: 10_000 }).toEqual([]);
    });

    it('gets its arguments as they are written', async () => {
      const out = join(harness.folder, 'state/services/plain.out');
      const spec = harness.add('plain', { start: ['/bin/echo', '$HOME', '${PATH}', '100%', '%n', 'a b', '"', ';', '-x'] });
      await manager.start(spec, signal);
      expect(await readFile(out, 'utf8')).toBe('$HOME ${PATH} 100% %n a b " ; -x\n');
    });
  });
});
