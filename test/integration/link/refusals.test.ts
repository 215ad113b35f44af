import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startAgent } from '../../../agent/agent.js';
import { parseAgentConfig } from '../../../agent/config/config.js';
import { createLifecycle } from '../../../shared/lifecycle.js';
import { processId } from '../../../shared/model/process.js';
import type { ServiceSpec } from '../../../shared/model/service.js';
import { systemClock } from '../../../shared/ports/clock.js';
import { formatAddress } from '../../../shared/rpc/address.js';
import { recordedLog, soon, startHub } from '../../contract/agent-api/linked.js';

/** A controller that asks for everything, and the real agent with an agent.ini that allows little. */
describe('what the controller asks beyond agent.ini', () => {
  let root: string;
  beforeEach(async () => {
    root = await realpath(await mkdtemp(join(tmpdir(), 'ctl-refusals-')));
    await mkdir(join(root, 'log'));
    await mkdir(join(root, 'secret'));
    await writeFile(join(root, 'secret', 'shadow'), 'root:x\n');
    await symlink(join(root, 'secret', 'shadow'), join(root, 'log', 'link.log'));
  });
  afterEach(() => rm(root, { recursive: true }));

  const spec = (change: Partial<ServiceSpec>): ServiceSpec => ({
    ...{ name: 'c1', type: 'ZeoClient', serviceName: 'Zope_1', manager: 'command', ip: '127.0.0.1', port: 1 },
    ...change,
  });
  const log = (file: string) => ({ file, readyPattern: 'Ready', criticalPattern: 'CRITICAL', ignorePattern: '' });

  async function start() {
    const hub = await startHub();
    const logged = recordedLog();
    const lifecycle = createLifecycle({ log: logged.log });
    const { config, problems } = parseAgentConfig(
      `[agent]\nname = web1\ncontroller = ${formatAddress(hub.address)}\nstate_dir = ${join(root, 'state')}\n` +
        `[allow]\nservices = Zope_*\npaths = ${join(root, 'log')}\nactions = start log\n[command Zope_1]\nstart = /bin/true\n`,
      'agent.ini',
    );
    if (config === null) throw new Error(problems.map(({ message }) => message).join('\n'));
    const host = { env: {}, platform: process.platform, uid: process.getuid?.() ?? 0, watches: false };
    const deps = { clock: systemClock, log: logged.log, lifecycle, ...host };
    const { whenConnected } = await startAgent(deps, config, '1');
    await whenConnected(soon());
    return {
      hub,
      refused: () => logged.lines.filter(({ msg }) => msg.startsWith('refused ')),
      async [Symbol.asyncDispose]() {
        await lifecycle.shutdown('done');
        await hub[Symbol.asyncDispose]();
      },
    };
  }
  const options = () => ({ signal: soon(), timeoutMs: 10_000 });

  it('is refused for a service, an action and a path, told with the line to change, and on record on its host', async () => {
    await using agent = await start();
    const api = agent.hub.links.agent('web1');
    agent.hub.links.assign('web1', [
      spec({ name: 'sshd', serviceName: 'sshd' }),
      spec({ name: 'c1' }),
      spec({ name: 'c2', log: log(join(root, 'secret', 'shadow')) }),
      spec({ name: 'c3', log: log(join(root, 'log', '..', 'secret', 'shadow')) }),
      spec({ name: 'c4', log: log(join(root, 'log', 'link.log')) }),
    ]);
    await expect(api.start('sshd', { ...options(), commandId: 'x1' })).rejects.toMatchObject({
      code: 'denied',
      message: 'agent.ini does not allow the service "sshd"',
      hint: 'add sshd to "services" in [allow] (agent.ini:6)',
    });
    await expect(
      api.stop('c1', { replacing: processId(42, 777), deadlineMs: 1000 }, { ...options(), commandId: 'x2' }),
    ).rejects.toMatchObject({
      code: 'denied',
      message: 'agent.ini does not allow "stop"',
    });
    for (const name of ['c2', 'c3', 'c4']) await expect(api.log(name, options())).rejects.toMatchObject({ code: 'denied' });
    expect(agent.refused().map(({ level, refused, service, commandId }) => [level, refused, service, commandId])).toEqual([
      ['warn', 'start', 'sshd', 'x1'],
      ['warn', 'stop', 'c1', 'x2'],
      ['warn', 'log', 'c2', null],
      ['warn', 'log', 'c3', null],
      ['warn', 'log', 'c4', null],
    ]);
  });
});
