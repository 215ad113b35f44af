import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createBalancerDriver, type BalancerDriver } from '../../../agent/balancers/index.js';
import { findFreePorts } from '../../../deploy/demo/free-ports.js';
import { startPound, type RunningPound } from '../../../deploy/demo/pound-process.js';
import type { BalancerSpec } from '../../../shared/model/service.js';
import { exec } from '../../../shared/ports/exec.js';

/** A site in a temporary folder: two HTTP backends, a Pound (or its stand-in) in front of them, and a driver for it. */
export interface Site {
  readonly folder: string;
  readonly conf: string;
  readonly control: string;
  readonly url: string;
  /** `ip:port` of each backend. */
  readonly addresses: readonly [string, string];
  readonly backends: readonly [TestBackend, TestBackend];
  readonly driver: BalancerDriver;
  driverWith(changes: Partial<BalancerSpec>): BalancerDriver;
  text(): Promise<string>;
  write(text: string): Promise<void>;
  restart(): Promise<void>;
  end(): Promise<void>;
}

export interface TestBackend {
  readonly port: number;
  /** Requests that it has seen. */
  readonly seen: () => number;
  /** Requests that it has not answered yet. */
  readonly open: () => number;
  start(): Promise<void>;
  /** As a program that ends: its connections are closed. */
  stop(): Promise<void>;
}

export const options = (timeoutMs = 20_000) => ({ signal: new AbortController().signal, timeoutMs });

export async function createSite(exe: string, confOf: (site: ConfInput) => string = simpleConf): Promise<Site> {
  const folder = await mkdtemp(join(tmpdir(), 'ctl-pound-'));
  const [port = 0, first = 0, second = 0] = await findFreePorts(3);
  const conf = join(folder, 'pound.cfg');
  const control = join(folder, 'pound.sock');
  const backends = [createBackend(first), createBackend(second)] as const;
  let running: RunningPound | null = null;
  const start = async () => (running = await startPound({ exe, cfg: conf, dir: folder, signal: AbortSignal.timeout(20_000) }));
  const end = async () => {
    await running?.stop();
    await Promise.all(backends.map((backend) => backend.stop()));
    await rm(folder, { recursive: true, force: true });
  };
  const driverWith = (changes: Partial<BalancerSpec>) => {
    const balancer: BalancerSpec = { kind: 'pound', conf, control, exe, apply: 'auto', sessions: 'delete', ...changes };
    return createBalancerDriver(
      { name: 'balancer', type: 'Pound', serviceName: 'Pound', manager: 'auto', ip: '127.0.0.1', port, balancer },
      { exec },
    );
  };
  try {
    await Promise.all(backends.map((backend) => backend.start()));
    await writeFile(conf, confOf({ control, port, first, second }));
    await start();
  } catch (error) {
    await end();
    throw error;
  }
  return {
    folder,
    conf,
    control,
    url: `http://127.0.0.1:${port}/`,
    addresses: [`127.0.0.1:${first}`, `127.0.0.1:${second}`],
    backends,
    driver: driverWith({}),
    driverWith,
    text: () => readFile(conf, 'utf8'),
    write: (text) => writeFile(conf, text),
    async restart() {
      await running?.stop();
      await start();
    },
    end,
  };
}

export interface ConfInput {
  readonly control: string;
  readonly port: number;
  readonly first: number;
  readonly second: number;
}

const simpleConf = ({ control, port, first, second }: ConfInput): string => `# two backends in two services
Daemon off
LogLevel 0
Alive 1
Client 60
WorkerMinCount 32
Control "${control}"

ListenHTTP "main"
\tAddress 127.0.0.1
\tPort ${port}
\tService "site"
\t\tBackEnd   # the first
\t\t\tAddress 127.0.0.1
\t\t\tPort ${first}
\t\tEnd

\t\tBackEnd
\t\t\tAddress 127.0.0.1
\t\t\tPort ${second}
\t\t\tDisabled 0 # on by hand
\t\tEnd
\t\tSession
\t\t\tType COOKIE
\t\t\tID "zope"
\t\t\tTTL 300
\t\tEnd
\tEnd
End

Service "fallback"
  BackEnd
    Address 127.0.0.1
    Port ${first}
  End
End`;

function createBackend(port: number): TestBackend {
  let server: Server | null = null;
  let seen = 0;
  let open = 0;
  return {
    port,
    seen: () => seen,
    open: () => open,
    start: () =>
      new Promise((resolve, reject) => {
        const created = createServer((_request, response) => {
          seen++;
          open++;
          response.once('close', () => open--);
          response.end(String(port));
        });
        // Only Pound ends idle connections here.
        created.keepAliveTimeout = 0;
        created.once('error', reject);
        created.listen(port, '127.0.0.1', () => resolve());
        server = created;
      }),
    stop: () =>
      new Promise((resolve) => {
        if (server === null) {
          resolve();
          return;
        }
        server.close(() => resolve());
        server.closeAllConnections();
        server = null;
      }),
  };
}
