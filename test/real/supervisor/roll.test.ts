import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createProcesses } from '../../../deploy/demo/processes.js';
import { editAgentIni, layOutCluster, rollUnderLoad, startCold } from '../../support/managed-cluster.js';
import { temporaryFolder } from '../../support/processes.js';
import { realPart, setUpLimit } from '../../support/real.js';
import { startSupervisor, type SupervisedProgram } from '../../support/supervisor.js';
import { supervisorEnvironment } from '../../support/supervisor-env.js';

const environment = await realPart('supervisor', supervisorEnvironment({ signal: setUpLimit() }));

describe.skipIf(environment === null)('a cluster whose clients belong to a real supervisor', () => {
  it('comes up by ctl start, and is rolled under load with no request lost and every client still its', async () => {
    if (environment === null) throw new Error('no supervisor');
    const signal = AbortSignal.timeout(120_000);
    const folder = await temporaryFolder('sr');
    const own = createProcesses(join(folder, 'output'));
    const managed = await layOutCluster('supervisor', folder, signal);
    const { cluster, commands } = managed;
    onTestFinished(async () => {
      await own.endAll();
      await cluster.end();
      await rm(folder, { recursive: true, force: true });
    });
    // As supervisor is used: it starts a client again that ends by itself.
    const programs: Record<string, SupervisedProgram> = {};
    for (const client of cluster.plan.clients) {
      const argv = commands.client(client, cluster.plan);
      programs[client.serviceName] = { argv, keys: { autorestart: 'true', directory: client.folder } };
    }
    const supervisor = await startSupervisor(environment, folder, programs, own, signal);
    await editAgentIni(join(folder, 'app/agent.ini'), (text) => `${text}\n[supervisor]\nsocket = ${supervisor.socket}\n`);
    await Promise.all([cluster.start('controller'), cluster.start('web'), cluster.start('app')]);

    await startCold(managed);
    const pids = await rollUnderLoad(managed);
    for (const { name, serviceName } of cluster.plan.clients) {
      expect(await supervisor.rpc('getProcessInfo', [serviceName], signal)).toMatchObject({
        value: { statename: expect.stringMatching(/^(RUNNING|STARTING)$/) as string, pid: pids.get(name) },
      });
    }
  });
});
