import { expect } from 'vitest';
import type { Finished, Program } from '../../../deploy/demo/processes.js';
import { until } from '../../../deploy/demo/until.js';
import type { Stage } from '../../support/hosts/stage.js';

/** The cluster of the runbook, as whoever operates it sees it. */
export interface HostsCluster {
  /** One `ctl` command on the controller's host. */
  ctl(args: string, timeoutMs?: number): Promise<Finished>;
  /** The same, not waited for. */
  startCtl(args: string): Promise<Program>;
  /** Resolves when a check finds nothing to complain of. */
  untilWell(timeoutMs?: number): Promise<void>;
  /** State of each service by a check, whatever its exit code. */
  states(): Promise<Readonly<Record<string, string>>>;
  /** Main process of the unit of each service, on its own host. */
  processes(): Promise<Readonly<Record<string, string>>>;
  /** Every client is in, in the file and in the running Pound, and found alive. */
  expectAllIn(): Promise<void>;
  /** Seconds of silence after which a connection counts as drained; null: as the runbook has it, which takes longer. */
  setDrainQuiet(seconds: number | null): Promise<void>;
  /** State of the newest operation, once it runs no more. */
  endOfOperation(): Promise<string>;
  /** What the controller and the agents said last: for whoever looks for a fault. */
  journals(): Promise<string>;
}

/** The host of each service, and its unit. */
const SERVICES: Readonly<Record<string, readonly [string, string]>> = {
  zeo: ['zeo1', 'zeo'],
  pound: ['lb1', 'pound'],
  zope1: ['app1', 'zope'],
  zope2: ['app2', 'zope'],
  zope3: ['app3', 'zope'],
};

export function clusterOn(stage: Stage, signal: AbortSignal): HostsCluster {
  const typed = (args: string) => `ctl ${args} -c /etc/ctl/cluster.ini`;
  const cluster: HostsCluster = {
    ctl: (args, timeoutMs = 120_000) => stage.host('ctl1').shell(typed(args), timeoutMs),
    startCtl: (args) => stage.host('ctl1').start(typed(args)),
    async untilWell(timeoutMs = 60_000) {
      let last = '';
      const well = async () => {
        const { code, stdout, stderr } = await cluster.ctl('check');
        last = stdout + stderr;
        return code === 0;
      };
      await until('the cluster to be well', well, { timeoutMs, signal }).catch((cause: unknown) => {
        throw new Error(`the cluster is not well: ${last}`, { cause });
      });
    },
    async states() {
      const { stdout, stderr } = await cluster.ctl('check --json');
      expect(stderr).toBe('');
      const { services } = JSON.parse(stdout) as { services: { name: string; state: string }[] };
      return Object.fromEntries(services.map(({ name, state }) => [name, state]));
    },
    async processes() {
      const pids = Object.entries(SERVICES).map(async ([service, [host, unit]]) => {
        return [service, (await stage.host(host).say(`systemctl show -p MainPID --value ${unit}`)).trim()] as const;
      });
      return Object.fromEntries(await Promise.all(pids));
    },
    async expectAllIn() {
      const { stdout, stderr } = await cluster.ctl('balancer status --json');
      expect(stderr).toBe('');
      const { balancers, drift } = JSON.parse(stdout) as { balancers: { backends: Record<string, unknown>[] }[]; drift: string[] };
      const all = ['zope1', 'zope2', 'zope3'].map((service) => ({ service, in_file: 'in', in_runtime: 'in', alive: true }));
      expect(balancers.flatMap(({ backends }) => backends)).toMatchObject(all);
      expect(drift).toEqual([]);
    },
    async setDrainQuiet(seconds) {
      const [remove, add] = ['/^drain_quiet = /d', seconds === null ? '' : `/^drain = /a drain_quiet = ${seconds}`];
      await stage.host('ctl1').say(`sed -i -e '${remove}' ${add === '' ? '' : `-e '${add}'`} /etc/ctl/cluster.ini`);
      const taken = async () => JSON.parse((await cluster.ctl('config diff --json')).stdout) as { changes: unknown[] };
      await until('the change to be taken over', async () => (await taken()).changes.length === 0, { timeoutMs: 20_000, signal });
    },
    async endOfOperation() {
      const ended = async () => {
        const { stdout } = await cluster.ctl('operations list --json');
        const { operations } = JSON.parse(stdout) as { operations: { state: string }[] };
        const state = operations.at(-1)?.state;
        return state === undefined || state === 'running' ? null : state;
      };
      return until('the operation to end', ended, { timeoutMs: 120_000, signal });
    },
    async journals() {
      const all = stage.hosts.map(async (host) => {
        const { stdout, stderr } = await host.shell(
          // Of what Pound says of each request the refusals are enough, and a few of them.
          'journalctl --no-pager --quiet --unit "ctl-*" --unit pound | grep -v " 200 OK" | tail -n 25 | cut -c 1-300',
        );
        return `${host.name}:\n${stdout}${stderr}`;
      });
      return (await Promise.all(all)).join('\n');
    },
  };
  return cluster;
}
