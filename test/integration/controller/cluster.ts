import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLink } from '../../../agent/link/link.js';
import { startController } from '../../../controller/app.js';
import type { ClusterConfig } from '../../../controller/config/cluster.js';
import { loadCluster } from '../../../controller/config/load.js';
import { fixedConfig } from '../../../controller/config/source.js';
import type { JournalEvent } from '../../../controller/rolling/events.js';
import { formatProblem } from '../../../shared/ini/ini.js';
import { createLifecycle } from '../../../shared/lifecycle.js';
import { createLogger } from '../../../shared/log.js';
import type { ControlApi } from '../../../shared/model/control-api.js';
import { systemClock } from '../../../shared/ports/clock.js';
import { connectControl } from '../../../shared/rpc/control-client.js';
import { createFakeHosts, type FakeHosts } from './fake-host.js';
import { startZope, type FakeZope } from './fake-zope.js';

/** Controllers with everything that they need, on a folder of their own: real gRPC, real HTTP checks, hosts in memory. */
export interface TestCluster extends AsyncDisposable {
  readonly config: ClusterConfig;
  readonly hosts: FakeHosts;
  zope(name: string): FakeZope;
  /** A controller that serves, with all agents that are not away. */
  startController(): Promise<TestController>;
  journal(id: string): Promise<JournalEvent[]>;
  journalFile(id: string): string;
}

export interface TestController {
  /** As `ctl` reaches it. */
  readonly api: ControlApi;
  /** As SIGTERM does it. */
  stop(): Promise<void>;
}

const NAMES = ['c1', 'c2', 'c3'];

/** Clients c1 and c2 on web1, c3 on web2, one balancer on lb1; agents of all hosts but those `away`. */
export async function startCluster({ away = [] }: { readonly away?: readonly string[] } = {}): Promise<TestCluster> {
  const folder = await mkdtemp(join(tmpdir(), 'ctl-controller-'));
  const pound = createServer((socket) => socket.destroy());
  pound.listen(0, '127.0.0.1');
  await once(pound, 'listening');
  const zopes = await Promise.all(NAMES.map(startZope));
  const hosts = createFakeHosts(zopes);
  await writeFile(join(folder, 'cluster.ini'), iniOf(folder, zopes, (pound.address() as AddressInfo).port));
  const config = await load(join(folder, 'cluster.ini'));
  const address = config.controller.address ?? '';
  const log = createLogger({ name: 'test', level: 'silent' });
  const links = ['web1', 'web2', 'lb1']
    .filter((name) => !away.includes(name))
    .map((name) => createLink({ address, name, version: '1', api: hosts.agent, clock: systemClock, log }, { maxBackoffMs: 100 }));
  for (const link of links) link.start();
  const running = new Set<() => Promise<void>>();
  const journalFile = (id: string) => join(config.controller.stateDir, 'operations', `${id}.jsonl`);

  return {
    config,
    hosts,
    zope(name) {
      const zope = hosts.zopes.get(name);
      if (zope === undefined) throw new Error(`no client ${name}`);
      return zope;
    },
    async startController() {
      const lifecycle = createLifecycle({ log });
      const stop = async () => {
        running.delete(stop);
        await lifecycle.shutdown('SIGTERM');
      };
      running.add(stop);
      try {
        const owner = { what: 'ctl-controller', by: config.path };
        await startController(
          { clock: systemClock, log, lifecycle },
          { source: fixedConfig(config, []), address, version: '1', owner, embedded: null },
        );
        const api = await connectControl(address);
        for (const link of links) await link.whenConnected(soon());
        return {
          api,
          async stop() {
            await stop();
            await api.close();
          },
        };
      } catch (error) {
        await stop();
        throw error;
      }
    },
    journalFile,
    async journal(id) {
      const lines = (await readFile(journalFile(id), 'utf8')).trimEnd().split('\n');
      return lines.map((line) => JSON.parse(line) as JournalEvent);
    },
    async [Symbol.asyncDispose]() {
      hosts.release();
      await Promise.all([...running].map((stop) => stop()));
      await Promise.all(links.map((link) => link.stop()));
      await Promise.all(zopes.map((zope) => zope.stop()));
      pound.close();
      await once(pound, 'close');
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** For what must happen, whenever it does. */
export const soon = (): AbortSignal => AbortSignal.timeout(30_000);

const iniOf = (folder: string, zopes: readonly FakeZope[], poundPort: number) => `
[DEFAULT]
timeout = 5
start_deadline = 20
[cluster]
zeoclients = ${NAMES.join(', ')}
frontend = pound
[connect]
public_name = www.example.org
entity = plone
[controller]
address = unix:${join(folder, 'ctl.sock')}
[pound]
type = Pound
machine = lb1
ip = 127.0.0.1
port = ${poundPort}
service_name = Pound
conf = /etc/pound/pound.cfg
control = /run/pound.sock
${zopes.map(sectionOf).join('')}`;

const sectionOf = ({ name, port }: FakeZope) => `[${name}]
type = ZeoClient
machine = ${name === 'c3' ? 'web2' : 'web1'}
pool = 1
ip = 127.0.0.1
port = ${port}
service_name = Zope_${name}
log_file = /srv/zope/${name}.log
`;

async function load(file: string): Promise<ClusterConfig> {
  const { config, problems } = await loadCluster(file);
  if (config === null) throw new Error(problems.map(formatProblem).join('\n'));
  return config;
}
