import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startController } from '../../../controller/app.js';
import { loadCluster } from '../../../controller/config/load.js';
import { fixedConfig } from '../../../controller/config/source.js';
import { runIdentityCommand } from '../../../controller/identity/commands.js';
import { createLifecycle, type Lifecycle } from '../../../shared/lifecycle.js';
import { createLogger } from '../../../shared/log.js';
import type { RunRequest } from '../../../shared/model/control-api.js';
import { systemClock } from '../../../shared/ports/clock.js';
import { formatAddress } from '../../../shared/rpc/address.js';
import { connectControl } from '../../../shared/rpc/control-client.js';
import { join as joinController } from '../../../shared/rpc/join.js';
import { soon } from './cluster.js';

const STOP: RunRequest = {
  ...{ action: 'stop', selectors: ['c1'], by: 'root@elsewhere', force: true, oldForm: true, maxFail: null, batch: null, deadlineS: null },
};

const INI = `[cluster]
zeoclients = c1
[connect]
public_name = www.example.org
[controller]
address = 127.0.0.1:7400
[c1]
type = ZeoClient
machine = web1
ip = 127.0.0.1
port = 1
pool = 1
service_name = Zope_1
`;

let folder: string;
let lifecycle: Lifecycle;
const log = createLogger({ name: 'test', level: 'silent' });
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ctl-state-'));
  lifecycle = createLifecycle({ log });
});
afterEach(async () => {
  await lifecycle.shutdown('done');
  await rm(folder, { recursive: true });
});

/** A controller with certificates; `as` is `ctl` of somebody who has joined with these words. */
async function start() {
  const file = join(folder, 'cluster.ini');
  await writeFile(file, INI);
  const { config } = await loadCluster(file);
  if (config === null) throw new Error('the cluster.ini of the test is wrong');
  const identityCommand = (...argv: string[]) =>
    runIdentityCommand([...argv, '-c', file], { load: async () => config, tell: () => undefined, now: () => systemClock.now() });
  await identityCommand('init');
  const { address } = await startController(
    { clock: systemClock, log, lifecycle },
    { source: fixedConfig(config, []), address: '127.0.0.1:0', version: '1', owner: { what: 'ctl-controller', by: file }, embedded: null },
  );
  return {
    stateDir: config.controller.stateDir,
    async as(...words: string[]) {
      const command = await identityCommand('token', 'create', '--operator', ...words);
      const [, token = '', fingerprint = ''] = /--token (\S+) --ca (\S+)\n$/.exec(command) ?? [];
      const certified = await joinController({ address, token, fingerprint, kind: 'operator', name: null }, soon());
      return connectControl(formatAddress(address), { certified, keep: () => Promise.resolve() });
    },
  };
}

async function drained(events: AsyncIterable<unknown>): Promise<void> {
  const reading = events[Symbol.asyncIterator]();
  while ((await reading.next()).done !== true) continue;
}

describe('the state_dir of a controller', () => {
  it('has on record who was refused because of his role, and who stopped something', async () => {
    const controller = await start();
    for (const words of [['vera', '--role', 'viewer'], ['alice']]) {
      const api = await controller.as(...words);
      await drained(api.run(STOP, soon())).catch(() => undefined);
      await api.close();
    }
    const lines = (await readFile(join(controller.stateDir, 'audit.log'), 'utf8')).trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line) as unknown)).toMatchObject([
      {
        ...{ by: 'vera@127.0.0.1', what: 'Run', services: [], operation: null, result: 'refused' },
        why: 'operator vera (viewer) may look, and change nothing: Run is refused',
      },
      { by: 'alice@127.0.0.1', what: 'stop' },
    ]);
  });

  it('is for its user alone, with all that is in it', async () => {
    const controller = await start();
    const api = await controller.as('alice');
    await drained(api.run(STOP, soon())).catch(() => undefined);
    await api.check({ selectors: [], path: null }, soon());
    await api.close();
    await lifecycle.shutdown('done');
    const entries = await readdir(controller.stateDir, { recursive: true, withFileTypes: true });
    expect(entries.map(({ name }) => name)).toEqual(expect.arrayContaining(['audit.log', 'identity', 'operations', 'history.db']));
    expect((await stat(controller.stateDir)).mode & 0o777).toBe(0o700);
    const open = [];
    for (const entry of entries) {
      const { mode } = await stat(join(entry.parentPath, entry.name));
      if ((mode & 0o777) !== (entry.isDirectory() ? 0o700 : 0o600)) open.push(`${entry.name} ${(mode & 0o777).toString(8)}`);
    }
    expect(open).toEqual([]);
  });
});
