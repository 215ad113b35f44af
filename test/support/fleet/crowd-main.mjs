// Simulated agents of many hosts: `crowd-main.mjs ORDER.json`, `{"address", "agents": [{"name", "stateDir"}]}`. Each speaks to the
// controller as a real one does, with a certificate of its own, and answers at once. Says how many are connected whenever that has
// changed: `{"at", "connected"}`, a line each. Needs tsx.
import { readFile } from 'node:fs/promises';
import { createAgentIdentity } from '../../../agent/identity.ts';
import { createLink } from '../../../agent/link/link.ts';
import { createLogger } from '../../../shared/log.ts';
import { systemClock } from '../../../shared/ports/clock.ts';
import { createFakeAgent } from '../../contract/agent-api/fake-agent.ts';

const { address, agents } = JSON.parse(await readFile(process.argv[2], 'utf8'));
const clock = systemClock;
const log = createLogger({ name: 'crowd', level: 'error' });
const links = agents.map(({ name, stateDir }) => {
  const identity = createAgentIdentity({ clock, log }, { stateDir, name });
  return createLink({ address, name, version: '0.1.0', api: createFakeAgent().api, identity, clock, log });
});
for (const link of links) link.start();
let told = -1;
setInterval(() => {
  const connected = links.filter((link) => link.connected).length;
  if (connected === told) return;
  told = connected;
  console.log(JSON.stringify({ at: Date.now(), connected }));
}, 10);
process.once('SIGTERM', () => process.exit(0));
