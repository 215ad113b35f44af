import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createBalancerDriver } from '../../../agent/balancers/index.js';
import { findFreePorts } from '../../../deploy/demo/free-ports.js';
import { createProcesses } from '../../../deploy/demo/processes.js';
import { accepts } from '../../../deploy/demo/standin/address.js';
import { until } from '../../../deploy/demo/until.js';
import type { BalancerSpec } from '../../../shared/model/service.js';
import { noRestarts } from '../../support/balancer-deps.js';
import { createBackend } from './backends.js';
import { options, type Site } from './site.js';

/** A site behind a HAProxy whose sections `site` and `fallback` hold the backends. */
export async function createHaproxySite(exe: string): Promise<Site> {
  const folder = await mkdtemp(join(tmpdir(), 'ctl-haproxy-'));
  const [port = 0, first = 0, second = 0] = await findFreePorts(3);
  const conf = join(folder, 'haproxy.cfg');
  const control = join(folder, 'haproxy.sock');
  const backends = [createBackend(first), createBackend(second)] as const;
  const processes = createProcesses(folder);
  let starts = 0;
  const start = async () => {
    const program = await processes.start('haproxy', [exe, '-db', '-f', conf]);
    await until('HAProxy to listen', async () => !program.running() || (await accepts(`127.0.0.1:${port}`)), options());
    if (!program.running()) throw new Error(await program.output());
    starts++;
  };
  const stop = () => processes.endAll();
  const end = async () => {
    await stop();
    await Promise.all(backends.map((backend) => backend.stop()));
    await rm(folder, { recursive: true, force: true });
  };
  const driverWith = (changes: Partial<BalancerSpec>) => {
    const sections = ['site', 'fallback'];
    const balancer: BalancerSpec = {
      kind: 'haproxy',
      conf,
      control,
      exe,
      apply: 'control',
      sessions: 'wait',
      backends: sections,
      ...changes,
    };
    return createBalancerDriver(
      { name: 'balancer', type: 'HAProxy', serviceName: 'haproxy', manager: 'auto', ip: '127.0.0.1', port, balancer },
      noRestarts,
    );
  };
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
      { address: addresses[0], place: 'site/one' },
      { address: addresses[1], place: 'site/two' },
      { address: addresses[0], place: 'fallback/one' },
    ],
    driver: driverWith({}),
    driverName: 'haproxy',
    driverWith,
    text: () => readFile(conf, 'utf8'),
    write: (text) => writeFile(conf, text),
    byHand: {
      off: (text) => text.replace('check  # on by hand', 'disabled check  # on by hand'),
      on: (text) => text.replace('disabled check  # on by hand', 'check  # on by hand'),
    },
    broken: (text) => ({
      text: text.replace('timeout connect 5s', 'timeout connect never'),
      says: /haproxy\.cfg:\d+\] : unexpected character 'n'/,
    }),
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

const simpleConf = ({ control, port, first, second }: ConfInput): string => `# two servers in two backends
global
  stats socket ${control} level admin mode 600
  hard-stop-after 1s
defaults
\tmode http
\ttimeout connect 5s
\ttimeout client 60s
\ttimeout server 60s
\tdefault-server inter 200ms rise 1

frontend main
  bind 127.0.0.1:${port}
  default_backend site

backend site
  balance roundrobin
  stick-table type string len 64 size 1k expire 5m
  stick on cookie(zope)
  option httpchk
  server one 127.0.0.1:${first} check   # the first
\tserver\ttwo 127.0.0.1:${second} check  # on by hand

backend fallback
  server one 127.0.0.1:${first}
`;
