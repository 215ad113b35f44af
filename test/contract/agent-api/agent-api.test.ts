import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { agentApiContract, type Harness } from './contract.js';
import { aService, createFakeAgent } from './fake-agent.js';
import { soon, startAgent, startHub } from './linked.js';

agentApiContract('of an agent in the same process', async () => {
  const agent = createFakeAgent();
  await agent.api.assign([aService('zeoclient1.1'), aService('pound')]);
  return { api: agent.api, agent, close: async () => undefined };
});

agentApiContract('over a loopback port', () => overLink('127.0.0.1:0'));

agentApiContract('over a unix socket', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'ctl-link-'));
  const harness = await overLink(`unix:${join(folder, 'ctl.sock')}`);
  return {
    ...harness,
    async close() {
      await harness.close();
      await rm(folder, { recursive: true });
    },
  };
});

async function overLink(address: string): Promise<Harness> {
  const hub = await startHub(address);
  const { agent, link } = startAgent(hub.address);
  await link.whenConnected(soon());
  return {
    api: hub.links.agent('web1'),
    agent,
    async close() {
      await link.stop();
      await hub[Symbol.asyncDispose]();
    },
  };
}
