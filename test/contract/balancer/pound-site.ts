import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createBalancerDriver, type BalancerDeps } from '../../../agent/balancers/index.js';
import { findFreePorts } from '../../../deploy/demo/free-ports.js';
import { startPound, type RunningPound } from '../../../deploy/demo/pound-process.js';
import type { ProcessId, ProcessState } from '../../../shared/model/process.js';
import type { BalancerSpec } from '../../../shared/model/service.js';
import { identifyProcess } from '../../../shared/ports/process-identity.js';
import { noRestarts } from '../../support/balancer-deps.js';
import { createBackend } from './backends.js';
import type { Site } from './site.js';

export interface PoundSiteOptions {
  /** Pound itself, or its stand-in. */
  readonly exe: string;
  readonly driverName: string;
  readonly mayRestart?: BalancerDeps['mayRestart'];
  /** What the driver is told otherwise; a function gets the folder. */
  readonly spec?: Partial<BalancerSpec> | ((folder: string) => Promise<Partial<BalancerSpec>>);
}

/** A site behind a Pound, which a driver of the wanted kind drives. */
export async function createPoundSite({ exe, driverName, spec = {}, mayRestart }: PoundSiteOptions): Promise<Site> {
  const folder = await mkdtemp(join(tmpdir(), 'ctl-pound-'));
  const [port = 0, first = 0, second = 0] = await findFreePorts(3);
  const conf = join(folder, 'pound.cfg');
  const control = join(folder, 'pound.sock');
  const backends = [createBackend(first), createBackend(second)] as const;
  let running: RunningPound | null = null;
  let starts = 0;
  const start = async () => {
    running = await startPound({ exe, cfg: conf, dir: folder, signal: AbortSignal.timeout(20_000) });
    starts++;
  };
  const stop = async () => {
    await running?.stop();
    running = null;
  };
  const end = async () => {
    await stop();
    await Promise.all(backends.map((backend) => backend.stop()));
    await rm(folder, { recursive: true, force: true });
  };
  const state = async (): Promise<ProcessState> => {
    const process = running === null ? null : await identifyProcess(running.pid);
    if (process === null) return { state: 'down', why: 'it was stopped', failed: false };
    return { state: 'running', process: process as ProcessId, startedAt: Date.now() };
  };
  const deps: BalancerDeps = {
    ...noRestarts,
    stateDir: folder,
    ...(mayRestart === undefined ? {} : { mayRestart }),
    manager: {
      state,
      async start() {
        if (running === null) await start();
        return state();
      },
      async stop(_, { replacing }) {
        const before = await state();
        if (before.state !== 'running' || before.process !== replacing) return { how: 'gone', ms: 0 };
        await stop();
        return { how: 'stopped', ms: 1 };
      },
    },
  };
  const plain: BalancerSpec = { kind: 'pound', conf, control, exe, apply: 'auto', sessions: 'delete' };
  const told = { ...plain, ...(typeof spec === 'function' ? await spec(folder) : spec) };
  const driverWith = (changes: Partial<BalancerSpec>) =>
    createBalancerDriver(
      {
        ...{ name: 'balancer', type: 'Pound', serviceName: 'Pound', manager: 'auto', ip: '127.0.0.1', port },
        pidFile: join(folder, 'pound.pid'),
        balancer: { ...told, ...changes },
      },
      deps,
    );
  try {
    await Promise.all(backends.map((backend) => backend.start()));
    await writeFile(conf, simpleConf({ control, port, first, second }));
    await start();
  } catch (error) {
    await end();
    throw error;
  }
  const addresses = [`127.0.0.1:${first}`, `127.0.0.1:${second}`] as const;
  return {
    folder,
    conf,
    control,
    url: `http://127.0.0.1:${port}/`,
    addresses,
    backends,
    places: [
      { address: addresses[0], place: 'main/site' },
      { address: addresses[1], place: 'main/site' },
      { address: addresses[0], place: '-/fallback' },
    ],
    driver: driverWith({}),
    driverName,
    driverWith,
    text: () => readFile(conf, 'utf8'),
    write: (text) => writeFile(conf, text),
    byHand: {
      off: (text) => text.replace('Disabled 0 # on by hand', 'Disabled 1 # on by hand'),
      on: (text) => text.replace('Disabled 1 # on by hand', 'Disabled 0 # on by hand'),
    },
    broken(text) {
      const broken = text.replace('Disabled 0 # on by hand', 'Disabled maybe');
      const line = broken.split('\n').findIndex((one) => one.includes('maybe')) + 2;
      return { text: broken, says: new RegExp(`pound\\.cfg:${line}[.:].*not a boolean value`) };
    },
    starts: () => starts,
    async restart() {
      await stop();
      await start();
    },
    stop,
    end,
  };
}

interface ConfInput {
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
