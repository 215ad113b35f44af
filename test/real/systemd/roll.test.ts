import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createProcesses } from '../../../deploy/demo/processes.js';
import { until } from '../../../deploy/demo/until.js';
import { layOutCluster, repository, rollUnderLoad, startCold } from '../../support/managed-cluster.js';
import { temporaryFolder } from '../../support/processes.js';
import { realPart, setUpLimit } from '../../support/real.js';
import { bootSystemd } from '../../support/systemd.js';
import { systemdEnvironment } from '../../support/systemd-env.js';

const environment = await realPart('a system under systemd', systemdEnvironment({ signal: setUpLimit() }));

describe.skipIf(environment === null)('a cluster whose app host is under a real systemd, its agent included', () => {
  it('comes up by ctl start, is rolled under load with no request lost, and outlives its agent', async () => {
    if (environment === null) throw new Error('no systemd');
    const signal = AbortSignal.timeout(150_000);
    const folder = await temporaryFolder('sdr');
    const own = createProcesses(join(folder, 'output'));
    const managed = await layOutCluster('systemd', folder, signal);
    const { cluster, commands } = managed;
    const host = await bootSystemd(environment, { folder, readOnly: [repository], processes: own, signal });
    onTestFinished(async () => {
      await host.end();
      await cluster.end();
      await own.endAll();
      await rm(folder, { recursive: true, force: true });
    });
    const { plan } = cluster;
    const unit = (lines: readonly string[]) => ['[Service]', ...lines, ''].join('\n');
    await host.addUnits({
      ...Object.fromEntries(
        plan.clients.map((client) => [
          `${client.serviceName}.service`,
          unit([`WorkingDirectory=${client.folder}`, `ExecStart=${commands.client(client, plan).join(' ')}`]),
        ]),
      ),
      // As it is deployed, but for the place of the program.
      'ctl-agent.service': await readFile(join(repository, 'deploy/systemd/ctl-agent.service'), 'utf8'),
      'ctl-agent.service.d/place.conf': unit([
        'ExecStart=',
        `ExecStart=${process.execPath} ${join(repository, 'dist/ctl-agent.js')} -c ${join(folder, 'app/agent.ini')}`,
      ]),
    });
    await host.run(['systemctl', 'start', 'ctl-agent']);
    await Promise.all([cluster.start('controller'), cluster.start('web')]);
    const groupOf = async (pid: number) => {
      const found = await host.processes.inspect(pid);
      return typeof found === 'object' ? host.processes.controlGroupOf(found) : null;
    };
    const property = async (name: string, of: string) => (await host.run(['systemctl', 'show', '-p', name, '--value', of])).trim();

    await startCold(managed);
    const pids = await rollUnderLoad(managed);
    for (const { name, serviceName } of plan.clients) {
      expect(await property('MainPID', `${serviceName}.service`)).toBe(`${pids.get(name) ?? ''}`);
    }
    // Started by a command of agent.ini: neither among the agent's processes, nor as sandboxed as they are.
    const zeo = Number(await readFile(plan.zeo.pidFile, 'utf8'));
    expect(await groupOf(zeo)).toMatch(/^\/system\.slice\/ctl-ZEO-[0-9a-f]{8}\.service$/);
    expect(await readFile(host.path(`/proc/${zeo}/status`), 'utf8')).toMatch(/^NoNewPrivs:\t0$/m);

    const agent = await property('MainPID', 'ctl-agent.service');
    expect(await readFile(host.path(`/proc/${agent}/status`), 'utf8')).toMatch(/^NoNewPrivs:\t1$/m);
    await host.kill(Number(agent), 'SIGKILL');
    await until('systemd to start the agent again', async () => !['0', agent].includes(await property('MainPID', 'ctl-agent.service')), {
      timeoutMs: 20_000,
      signal,
    });
    await until('the agent to be well', async () => (await cluster.ctl(['check'])).code === 0, { timeoutMs: 20_000, signal });
    expect(await cluster.clientPids()).toEqual(pids);
    expect(Number(await readFile(plan.zeo.pidFile, 'utf8'))).toBe(zeo);
  });
});
