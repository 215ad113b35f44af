import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ServiceManager } from '../../../agent/services/index.js';
import type { ProcessId } from '../../../shared/model/process.js';
import type { ServiceSpec } from '../../../shared/model/service.js';
import type { Argv } from '../../../shared/ports/exec.js';
import { program, startOf } from '../../contract/services/programs.js';
import { describeServiceManager, type Behaviour, type ManagerHarness } from '../../contract/services/service-manager.js';
import { suiteProcesses } from '../../support/processes.js';
import { realPart, setUpLimit } from '../../support/real.js';
import { bootSystemd, type SystemdHost } from '../../support/systemd.js';
import { systemdEnvironment } from '../../support/systemd-env.js';
import { managersIn } from '../../support/systemd-manager.js';

/** A process that there is no more. */
const GONE = '4194303@1' as ProcessId;

const environment = await realPart('a system under systemd', systemdEnvironment({ signal: setUpLimit() }));
const repository = join(import.meta.dirname, '../../..');
const { signal } = new AbortController();

describe.skipIf(environment === null)('under a real systemd', () => {
  const prepare = suiteProcesses('sd');
  let host: SystemdHost;
  let folder: string;
  beforeAll(async () => {
    if (environment === null) throw new Error('no systemd');
    const suite = await prepare();
    folder = suite.folder;
    host = await bootSystemd(environment, { ...suite, readOnly: [repository], signal });
  });
  afterAll(() => host.end());

  interface SystemdHarness extends ManagerHarness {
    readonly folder: string;
    /** A service whose unit has these lines. */
    unit(name: string, service: readonly string[], sections?: readonly string[]): Promise<ServiceSpec>;
  }

  async function createHarness(): Promise<SystemdHarness> {
    const own = await mkdtemp(join(folder, 'h-'));
    const manager = await managersIn(host, own);
    const mark = `CTL_TEST_MARK=${randomUUID()}`;
    const units: string[] = [];
    const unit: SystemdHarness['unit'] = async (name, service, sections = []) => {
      // Of a test of its own: systemd remembers what happened to a unit.
      const serviceName = `t${mark.slice(-6)}-${units.length}-${name.replaceAll(' ', '-')}`;
      units.push(`${serviceName}.service`);
      await host.addUnits({ [`${serviceName}.service`]: [...sections, '[Service]', `Environment=${mark}`, ...service, ''].join('\n') });
      return {
        ...{ name, type: 'ZeoClient', serviceName, manager: 'systemd', ip: '127.0.0.1', port: 1 },
        pidFile: join(own, `${name}.pid`),
      };
    };
    const count = { services: 0 };
    return {
      folder: own,
      unit,
      manager,
      async service(behaviour) {
        const name = `${behaviour.replaceAll(' ', '-')}-${(count.services += 1)}`;
        return unit(name, serviceOf(behaviour, join(own, name)));
      },
      kill: (pid) => host.kill(pid, 'SIGKILL'),
      pids: () => host.pidsWith(mark),
      async end() {
        if (units.length === 0) return;
        const over = { timeoutMs: 20_000, signal };
        await host.exec(['systemctl', 'stop', '--no-block', ...units], over);
        await host.exec(['systemctl', 'kill', '-s', 'KILL', ...units], over);
        await Promise.all(units.map((name) => rm(host.path(`/run/systemd/system/${name}`), { force: true })));
      },
    };
  }

  describeServiceManager('systemd', createHarness);

  describe('units of systemd', () => {
    let harness: SystemdHarness;
    let manager: ServiceManager;
    beforeEach(async () => {
      harness = await createHarness();
      manager = harness.manager();
    });
    afterEach(() => harness.end());

    const running = async (spec: ServiceSpec): Promise<ProcessId> => {
      await expect.poll(() => manager.state(spec, signal), { timeout: 10_000 }).toMatchObject({ state: 'running' });
      const state = await manager.state(spec, signal);
      return state.state === 'running' ? state.process : expect.fail(state.why);
    };
    const stays = (pidFile: string) => exec(program('stays.mjs', pidFile));

    it('are stopped although systemd starts them again whenever they end', async () => {
      const spec = await harness.unit('eager', [stays(join(harness.folder, 'eager.pid')), 'Restart=always', 'RestartSec=100ms']);
      await manager.start(spec, signal);
      const first = await running(spec);
      await harness.kill(Number(first.split('@')[0]));
      await expect.poll(() => manager.state(spec, signal), { timeout: 10_000 }).not.toMatchObject({ process: first });
      const second = await running(spec);
      expect(await manager.stop(spec, { replacing: first, deadlineMs: 5_000 }, signal)).toEqual({ how: 'gone', ms: 0 });
      expect(await running(spec)).toBe(second);
      expect(await manager.stop(spec, { replacing: second, deadlineMs: 5_000 }, signal)).toMatchObject({ how: 'stopped' });
      expect(await manager.state(spec, signal)).toEqual({ state: 'down', failed: false, why: 'it is not running (inactive, dead)' });
    });

    it('are starting while systemd waits to start them again, with the reason', async () => {
      const spec = await harness.unit('crashes', [exec(program('fails.mjs')), 'Restart=on-failure', 'RestartSec=3600']);
      await manager.start(spec, signal);
      await expect
        .poll(() => manager.state(spec, signal), { timeout: 10_000 })
        .toEqual({
          state: 'starting',
          why: 'systemd starts it again in a moment: it ended with exit code 1',
        });
      expect(await manager.stop(spec, { replacing: GONE, deadlineMs: 5_000 }, signal)).toEqual({ how: 'gone', ms: 0 });
      await expect.poll(() => manager.state(spec, signal), { timeout: 10_000 }).toMatchObject({ state: 'down' });
    });

    it('are started although they were started too often before', async () => {
      const spec = await harness.unit(
        'limited',
        [stays(join(harness.folder, 'limited.pid'))],
        ['[Unit]', 'StartLimitBurst=2', 'StartLimitIntervalSec=1h'],
      );
      for (let round = 0; round < 4; round += 1) {
        await manager.start(spec, signal);
        expect(await manager.stop(spec, { replacing: await running(spec), deadlineMs: 5_000 }, signal)).toMatchObject({ how: 'stopped' });
      }
      await manager.start(spec, signal);
      await running(spec);
    });

    it('say that they were started too often when systemd gives up', async () => {
      const limit = ['[Unit]', 'StartLimitBurst=2', 'StartLimitIntervalSec=1h'];
      const spec = await harness.unit('hopeless', [exec(program('fails.mjs')), 'Restart=on-failure', 'RestartSec=0'], limit);
      await manager.start(spec, signal);
      await expect.poll(() => manager.state(spec, signal), { timeout: 10_000 }).toMatchObject({ state: 'down', failed: true });
      expect(await manager.state(spec, signal)).toMatchObject({
        why: 'it ended with exit code 1, after 2 restarts: Traceback (most recent call last): | OSError: [Errno 98] Address already in use',
      });
    });

    it('run while they are still starting, once they have a process', async () => {
      const spec = await harness.unit('notifies', ['Type=notify', stays(join(harness.folder, 'notifies.pid'))]);
      const state = await manager.start(spec, signal);
      expect(state).toMatchObject({ state: 'running' });
    });

    it('are starting while what comes before them runs', async () => {
      const before = stays(join(harness.folder, 'before.pid')).replace('ExecStart', 'ExecStartPre');
      const spec = await harness.unit('prepared', [before, stays(join(harness.folder, 'prepared.pid'))]);
      const giveUp = new AbortController();
      const start = manager.start(spec, giveUp.signal);
      await expect
        .poll(() => manager.state(spec, signal), { timeout: 10_000 })
        .toEqual({
          state: 'starting',
          why: 'systemd is starting it (start-pre)',
        });
      giveUp.abort();
      await expect(start).rejects.toMatchObject({ code: 'cancelled' });
    });

    it('are killed by systemd itself when their own time to stop is shorter, and that is told', async () => {
      const pidFile = join(harness.folder, 'short.pid');
      const spec = await harness.unit('short', [exec(program('ignores-term.mjs', pidFile)), 'TimeoutStopSec=200ms']);
      await manager.start(spec, signal);
      const replacing = await running(spec);
      await expect.poll(() => host.run(['cat', pidFile]).catch(() => ''), { timeout: 10_000 }).toMatch(/^\d+\n$/);
      expect(await manager.stop(spec, { replacing, deadlineMs: 20_000 }, signal)).toMatchObject({ how: 'killed' });
      expect(await manager.state(spec, signal)).toMatchObject({ state: 'down', failed: false });
    });

    it('are the process of their pid file where systemd knows no main process', async () => {
      const pidFile = join(harness.folder, 'old.pid');
      const start = exec(program('leaves-a-daemon.mjs', pidFile));
      const spec = await harness.unit('old', ['Type=forking', 'GuessMainPID=no', 'RemainAfterExit=yes', start]);
      await manager.start(spec, signal);
      const replacing = await running(spec);
      expect(await harness.pids()).toEqual([Number(replacing.split('@')[0])]);
      await writeFile(pidFile, '1\n');
      expect(await manager.state(spec, signal)).toMatchObject({ state: 'unknown' });
      await expect(manager.stop(spec, { replacing, deadlineMs: 0 }, signal)).rejects.toMatchObject({ code: 'failed' });
      await writeFile(pidFile, `${replacing.split('@')[0] ?? ''}\n`);
      expect(await manager.stop(spec, { replacing, deadlineMs: 5_000 }, signal)).toMatchObject({ how: 'stopped' });
      expect(await harness.pids()).toEqual([]);
    });

    it('whose condition is not met are told instead of waited for', async () => {
      const spec = await harness.unit('conditional', [stays(join(harness.folder, 'c.pid'))], ['[Unit]', 'ConditionPathExists=/nowhere']);
      await expect(manager.start(spec, signal)).rejects.toMatchObject({
        code: 'failed',
        message: `conditional: systemd started ${spec.serviceName}.service, and it is not running: it ended at once, or one of its conditions is not met`,
      });
    });

    it('that do not exist are named', async () => {
      const spec = { ...(await harness.unit('x', [])), name: 'zeoclient1.1', serviceName: 'none' };
      const expected = { code: 'not-found', message: 'zeoclient1.1: systemd has no unit none.service' };
      await expect(manager.state(spec, signal)).rejects.toMatchObject(expected);
      await expect(manager.start(spec, signal)).rejects.toMatchObject(expected);
    });

    it('that are masked or wrong say so', async () => {
      const wrong = await harness.unit('wrong', []);
      await expect(manager.start(wrong, signal)).rejects.toMatchObject({
        code: 'failed',
        message: `systemctl start ${wrong.serviceName}.service: Failed to start ${wrong.serviceName}.service: Unit ${wrong.serviceName}.service has a bad unit file setting.`,
      });
      const masked = { ...wrong, serviceName: 'masked-one' };
      await host.run(['systemctl', 'mask', '--runtime', 'masked-one.service']);
      await expect(manager.start(masked, signal)).rejects.toMatchObject({
        message: 'systemctl start masked-one.service: Failed to start masked-one.service: Unit masked-one.service is masked.',
      });
    });

    it('are not obeyed to an agent that may not, which is told what to do', async () => {
      const nobody = await managersIn(
        { ...host, exec: (argv, options) => host.exec(argv, { ...options, account: { uid: 65534, gid: 65534 } }) },
        harness.folder,
      );
      const spec = await harness.unit('guarded', [stays(join(harness.folder, 'guarded.pid'))]);
      await expect(nobody().start(spec, signal)).rejects.toMatchObject({
        code: 'denied',
        message: `systemctl start ${spec.serviceName}.service: Failed to start ${spec.serviceName}.service: Access denied`,
        hint: `run the agent as root, or allow its user org.freedesktop.systemd1.manage-units for ${spec.serviceName}.service in a polkit rule`,
      });
      await manager.start(spec, signal);
      const replacing = await running(spec);
      await expect(nobody().stop(spec, { replacing, deadlineMs: 0 }, signal)).rejects.toMatchObject({ code: 'denied' });
      expect(await running(spec)).toBe(replacing);
    });

    it.each(['*', 't?', '--force', '/etc/x', 'a b', '', '../x'])('are never anything but one service: "%s"', async (serviceName) => {
      const spec = { ...(await harness.unit('x', [])), serviceName };
      await expect(manager.start(spec, signal)).rejects.toMatchObject({
        code: 'config',
        message: `x: "${serviceName}" is not the name of a unit`,
      });
    });

    it('of other kinds are none', async () => {
      const spec = { ...(await harness.unit('x', [])), serviceName: 'poweroff.target' };
      await expect(manager.start(spec, signal)).rejects.toMatchObject({
        code: 'not-found',
        message: 'x: systemd has no unit poweroff.target.service',
      });
    });
  });
});

const exec = (argv: Argv): string => `ExecStart=${argv.join(' ').replaceAll('%', '%%')}`;

function serviceOf(behaviour: Behaviour, path: string): readonly string[] {
  const start = exec(startOf(behaviour, path));
  if (behaviour === 'leaves a daemon') return ['Type=forking', `PIDFile=${path}.pid`, start];
  return [start, 'TimeoutStopSec=infinity'];
}
