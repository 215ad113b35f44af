import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join as joinPath } from 'node:path';
import { expect } from 'vitest';
import { createAgentIdentity, identityFile } from '../../agent/identity.js';
import { createLink, type AgentLink } from '../../agent/link/link.js';
import { createControlService } from '../../controller/api/control-service.js';
import { loadCluster } from '../../controller/config/load.js';
import { createLinks, type Links } from '../../controller/fleet/links.js';
import { identityFolder } from '../../controller/identity/authority.js';
import { runIdentityCommand } from '../../controller/identity/commands.js';
import { openIdentity } from '../../controller/identity/identity.js';
import type { RefusedChange } from '../../controller/identity/refusals.js';
import type { Observation } from '../../controller/incidents/observation.js';
import type { Certified } from '../../shared/pki/certificate.js';
import { writeIdentityFile } from '../../shared/pki/identity-file.js';
import { systemClock, type WallClock } from '../../shared/ports/clock.js';
import { type Address, formatAddress, parseAddress } from '../../shared/rpc/address.js';
import { type Invitation, join } from '../../shared/rpc/join.js';
import { createRpcServer } from '../../shared/rpc/server.js';
import { aService, createFakeAgent, type FakeAgent } from '../contract/agent-api/fake-agent.js';
import { type LogLines, recordedLog, soon } from '../contract/agent-api/linked.js';
import { createFakeControl, type FakeControl, type FakeControlScript } from './fake-control.js';

/** A controller with certificates on a loopback port of its own: its real identity, its real end of the link, a control that is told. */
export interface Secured extends AsyncDisposable {
  readonly address: Address;
  /** `state_dir`/identity. */
  readonly folder: string;
  readonly links: Links;
  readonly control: FakeControl;
  /** What was told of certificates that expire. */
  readonly observed: readonly Observation[];
  /** What is on record of calls that were refused. */
  readonly refused: readonly RefusedChange[];
  readonly logged: LogLines;
  /** `ctl-controller WORDS`: what it prints. */
  run(...words: string[]): Promise<string>;
  /** What `ctl-controller token create` printed, read by somebody who pastes it. */
  invite(...words: string[]): Promise<Invitation>;
  /** Somebody who has joined: `--agent web1`, `--operator alice --role viewer`. */
  member(...words: string[]): Promise<Certified>;
}

export interface SecuredOptions {
  /** Of the controller; so much ahead of ours. */
  readonly aheadMs?: () => number;
  /** What its certificate is for, if it is not where it listens. */
  readonly host?: string;
  /** Of the control. */
  readonly script?: FakeControlScript;
}

export async function startSecured({ aheadMs = () => 0, host = '127.0.0.1', script = {} }: SecuredOptions = {}): Promise<Secured> {
  const home = await mkdtemp(joinPath(tmpdir(), 'ctl-secured-'));
  const clock: WallClock = { ...systemClock, now: () => systemClock.now() + aheadMs() };
  const file = joinPath(home, 'cluster.ini');
  await writeFile(file, INI(host));
  const run = (...words: string[]) =>
    runIdentityCommand([...words, '-c', file], { load: configOf, tell: () => undefined, now: () => clock.now() });
  await run('init');
  const folder = identityFolder(joinPath(home, 'state'));
  const logged = recordedLog();
  const { log } = logged;
  const observed: Observation[] = [];
  const refused: RefusedChange[] = [];
  const observe = async (one: Observation) => void observed.push(one);
  const record = (change: RefusedChange) => void refused.push(change);
  const identity = await openIdentity({ clock, log, observe, record }, { folder, host, pollMs: 50 });
  if (identity === null) throw new Error('init made no identity');
  const links = createLinks({ clock, log, heartbeatMs: 1_000, version: '9.9.9', takeEvents: () => Promise.resolve() });
  links.assign('web1', [aService('zeoclient1.1')]);
  const control = createFakeControl(script);
  const services = [links.service, createControlService(control), identity.service];
  const server = createRpcServer(
    { log },
    { address: parseAddress('127.0.0.1:0'), services, certified: identity.certificates, stopMs: 500 },
  );
  await server.start();
  const address = server.address();

  const invite = async (...words: string[]): Promise<Invitation> => {
    const [, token, fingerprint] = /--token (\S+) --ca (\S+)\n$/.exec(await run('token', 'create', ...words)) ?? [];
    if (token === undefined || fingerprint === undefined) throw new Error('token create printed no command');
    return { address, token, fingerprint, kind: words.includes('--agent') ? 'agent' : 'operator', name: null };
  };
  return {
    address,
    folder,
    links,
    control,
    observed,
    refused,
    logged,
    run,
    invite,
    async member(...words) {
      const { own, authorities } = await join(await invite(...words), soon());
      return { own, authorities };
    },
    async [Symbol.asyncDispose]() {
      links.stop();
      await server.stop();
      await identity.stop();
      await rm(home, { recursive: true });
    },
  };
}

const INI = (host: string) => `[DEFAULT]
[cluster]
zeoclients = c1
[controller]
address = ${host}:7400
state_dir = state
[connect]
public_name = www.example.org
[c1]
type = ZeoClient
machine = web1
ip = 127.0.0.1
port = 8080
pool = 1
service_name = Zope_1
`;

async function configOf(file: string) {
  const { config, problems } = await loadCluster(file);
  if (config === null) throw new Error(problems.map(({ message }) => message).join('\n'));
  return config;
}

export interface SecuredAgent extends AsyncDisposable {
  readonly agent: FakeAgent;
  readonly link: AgentLink;
  readonly logged: LogLines;
  /** identity.pem. */
  readonly file: string;
}

/** An agent that has joined, with its real identity in a folder of its own; `aheadMs`: of its clock. */
export async function startSecuredAgent(
  address: Address,
  certified: Certified,
  { name = 'web1', aheadMs = 0 }: { readonly name?: string; readonly aheadMs?: number } = {},
): Promise<SecuredAgent> {
  const stateDir = await mkdtemp(joinPath(tmpdir(), 'ctl-secured-agent-'));
  await writeIdentityFile(identityFile(stateDir), certified);
  const agent = createFakeAgent();
  const logged = recordedLog();
  const clock: WallClock = { ...systemClock, now: () => systemClock.now() + aheadMs };
  const identity = createAgentIdentity({ clock, log: logged.log }, { stateDir, name });
  const options = { address: formatAddress(address), name, version: '1.2.3', api: agent.api, identity, clock, log: logged.log };
  const link = createLink(options, { refusedMs: 100 });
  link.start();
  return {
    agent,
    link,
    logged,
    file: identityFile(stateDir),
    async [Symbol.asyncDispose]() {
      await link.stop();
      await rm(stateDir, { recursive: true });
    },
  };
}

/** For what has to become so, whenever it does. */
export const eventually = <T>(read: () => T) => expect.poll(read, { timeout: 30_000, interval: 20 });
