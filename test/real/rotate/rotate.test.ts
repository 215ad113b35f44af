import { chmod, mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { planCluster, portsNeeded } from '../../../deploy/demo/cluster-plan.js';
import { findFreePorts } from '../../../deploy/demo/free-ports.js';
import { until } from '../../../deploy/demo/until.js';
import { http } from '../../../shared/ports/http.js';
import { connectTcp } from '../../../shared/ports/tcp.js';
import { canCollapse } from '../../support/can-collapse.js';
import { suiteProcesses } from '../../support/processes.js';
import { realPart, setUpLimit } from '../../support/real.js';
import { NEVER, rotationOf, serviceOf, specOf } from '../../support/rotations.js';
import { findSquid } from '../../support/squid.js';
import { zopeEnvironment } from '../../support/zope-env.js';
import { makeZopeInstances, zopeCommands } from '../../support/zope-services.js';

const zope = await realPart('Zope 5 and ZEO', zopeEnvironment({ signal: setUpLimit() }));
const squid = await realPart('Squid', findSquid({ signal: setUpLimit() }));
const prepare = suiteProcesses('rotate');
const limit = { timeoutMs: 60_000, signal: NEVER };

async function linesBelow(folder: string): Promise<string[]> {
  const files = await readdir(folder, { recursive: true, withFileTypes: true });
  const texts = files.filter((file) => file.isFile()).map((file) => readFile(join(file.parentPath, file.name), 'utf8'));
  return (await Promise.all(texts)).flatMap((text) => text.split('\n')).filter((line) => line.trim() !== '');
}

describe.skipIf(zope === null)('rotation of the logs of real programs', () => {
  if (zope === null) return;

  const makePlan = async () => {
    const { folder, processes } = await prepare();
    const plan = planCluster({ clients: 1, pools: 1 }, folder, await findFreePorts(portsNeeded(1)));
    await makeZopeInstances(plan, zope, setUpLimit());
    const commands = zopeCommands(zope);
    const zeo = await processes.start('zeo', commands.zeo(plan.zeo));
    await until('ZEO to listen', async () => (await readFile(plan.zeo.logFile, 'utf8')).includes('listening on'), limit);
    const [client] = plan.clients;
    if (client === undefined) throw new Error('a plan without clients');
    return { folder, processes, plan, commands, zeo, client };
  };

  it('tells a ZEO server by USR2, and it writes on in a new file', async () => {
    const { folder, plan, zeo } = await makePlan();
    const before = await readFile(plan.zeo.logFile, 'utf8');
    const archiveDir = join(folder, 'archive');
    const rotation = rotationOf({ stateDir: join(folder, 'state'), pid: zeo.pid });
    const { logs } = await rotation.rotate(serviceOf('ZeoServer'), specOf([plan.zeo.logFile], archiveDir), NEVER);
    expect(logs).toMatchObject([{ outcome: 'rotated', method: 'signal', why: null }]);
    expect(await readFile(logs[0]?.archive ?? '', 'utf8')).toContain(before);
    (await connectTcp({ ip: '127.0.0.1', port: plan.zeo.port }, limit))[Symbol.dispose]();
    await until('an entry in the new log', async () => (await readFile(plan.zeo.logFile, 'utf8')).includes('disconnected'), limit);
    expect(zeo.running()).toBe(true);
  });

  it('sends a WSGI Zope no signal, whatever the file says, and loses none of its access log by collapse', async () => {
    const { folder, processes, plan, commands, client } = await makePlan();
    const program = await processes.start('client', commands.client(client, plan));
    const ask = () => http({ url: `http://127.0.0.1:${client.port}/`, timeoutMs: 20_000, signal: NEVER });
    await until('the client to answer', async () => (await ask()).status === 200, limit);
    const accessLog = join(client.logFile, '..', 'Z4.log');
    const archiveDir = join(folder, 'archive');
    const rotation = rotationOf({ stateDir: join(folder, 'state'), pid: program.pid });

    const signalled = await rotation.rotate(serviceOf('ZeoClient'), specOf([client.logFile], archiveDir, { method: 'signal' }), NEVER);
    expect(signalled.logs[0]?.why).toMatch(/gets no signal: USR2 would kill it/);
    expect((await ask()).status).toBe(200);

    if (!(await canCollapse(folder))) return;
    let asked = (await readFile(accessLog, 'utf8')).split('\n').length - 1;
    for (let round = 0; round < 3; round++) {
      for (let n = 0; n < 100; n++, asked++) await ask();
      const { logs } = await rotation.rotate(serviceOf('ZeoClient'), specOf([accessLog], archiveDir), NEVER);
      expect(logs).toMatchObject([{ outcome: 'rotated', method: 'collapse' }]);
    }
    const requests = [...(await linesBelow(archiveDir)), ...(await readFile(accessLog, 'utf8')).split('\n')].filter((line) =>
      line.includes('GET / '),
    );
    expect(requests).toHaveLength(asked);
    expect(program.running()).toBe(true);
  });
});

describe.skipIf(squid === null)('rotation of the logs of a real Squid', () => {
  if (squid === null) return;

  it('tells it once for all of them, and it writes on in new files', async () => {
    const { folder, processes } = await prepare();
    const log = join(folder, 'log');
    await mkdir(log);
    const [port = 0] = await findFreePorts(1);
    const conf = join(folder, 'squid.conf');
    const account = process.getuid?.() === 0 ? ['cache_effective_user nobody', 'cache_effective_group nogroup'] : [];
    // It runs as somebody else then.
    for (const path of [folder, log]) await chmod(path, 0o777);
    const lines = [
      ...squid.places,
      ...account,
      ...[`http_port 127.0.0.1:${port}`, `access_log stdio:${join(log, 'access.log')}`, `cache_log ${join(log, 'cache.log')}`],
      ...[`pid_filename ${join(folder, 'squid.pid')}`, `coredump_dir ${folder}`, 'pinger_enable off', 'icp_port 0'],
      ...['shutdown_lifetime 1 second', 'http_access allow all', 'logfile_rotate 0', ''],
    ];
    await writeFile(conf, lines.join('\n'));
    const program = await processes.start('squid', [squid.exe, '-N', '-f', conf]);
    const ask = () => http({ url: `http://127.0.0.1:${port}/nothing`, timeoutMs: 5_000, signal: NEVER });
    await until('Squid to answer', async () => (await ask()).status >= 400, limit);
    const seen = async () => (await readFile(join(log, 'access.log'), 'utf8')).split('\n').length - 1;
    await until('its access log', async () => (await seen()) > 0, limit);
    let asked = await seen();
    const archiveDir = join(folder, 'archive');
    const rotation = rotationOf({ stateDir: join(folder, 'state'), pid: program.pid });
    const spec = specOf([join(log, 'access.log'), join(log, 'cache.log')], archiveDir, { squid: { exe: squid.exe, conf } });
    for (let round = 0; round < 3; round++) {
      for (let n = 0; n < 20; n++, asked++) await ask();
      const { logs } = await rotation.rotate(serviceOf('Squid'), spec, NEVER);
      expect(logs.map(({ outcome, method, why }) => ({ outcome, method, why }))).toEqual([
        { outcome: 'rotated', method: 'squid', why: null },
        { outcome: 'rotated', method: 'squid', why: null },
      ]);
    }
    await ask();
    await until('the last request in the new log', async () => (await seen()) > 0, limit);
    const requests = [...(await linesBelow(archiveDir)), ...(await readFile(join(log, 'access.log'), 'utf8')).split('\n')].filter((line) =>
      line.includes('/nothing'),
    );
    expect(requests).toHaveLength(asked + 1);
    expect(program.running()).toBe(true);
  });
});
