import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { findFreePorts } from '../../../deploy/demo/free-ports.js';
import { findPound } from '../../../deploy/demo/pound.js';
import type { Cluster } from '../../../deploy/demo/cluster.js';
import { until } from '../../../deploy/demo/until.js';
import { systemClock } from '../../../shared/ports/clock.js';
import { realPart, setUpLimit } from '../../support/real.js';
import { testClusters } from '../../support/real-cluster.js';
import { NEVER } from '../../support/rotations.js';
import { findSquid, type Squid } from '../../support/squid.js';
import { writeSquidConf } from '../../support/squid-conf.js';
import { embed, fromCron } from '../embedded/embedded-cluster.js';
import { expectAllIn, expectAllNew, visit } from '../roll/observe.js';

const squid = await realPart('Squid', findSquid({ signal: setUpLimit() }));
const pound = await realPart('Pound', findPound({ signal: setUpLimit() }));
const PAGE = '/news';

/** A Squid before the Pound of a cluster, as one of its frontends. */
async function addSquid(cluster: Cluster, program: Squid): Promise<string> {
  const { folder, pound: balancer, controller } = cluster.plan;
  const [port = 0] = await findFreePorts(1);
  const host = 'www.example.org';
  const { conf, cache, pidFile } = await writeSquidConf(program, { folder, port, site: balancer.port, host, purges: true });
  const ini = await readFile(controller.ini, 'utf8');
  await writeFile(controller.ini, ini.replace(/^(frontend = .*)$/m, '$1, squid'));
  const section = [
    ...['', '[squid]', 'type = Squid', 'machine = web', 'ip = 127.0.0.1', `port = ${port}`, 'service_name = Squid'],
    ...['service_manager = command', `cache_dir = ${cache}`, `exe = ${program.exe}`, `conf = ${conf}`, `pid_file = ${pidFile}`],
    ...['', '[command Squid]', `start = ${program.exe} -N -f ${conf}`, ''],
  ];
  await appendFile(controller.ini, section.join('\n'));
  return `http://127.0.0.1:${port}`;
}

/** When requests through the Squid failed, epoch ms. Each passes it by, and would be missed if a client had not served it. */
function watch(url: string): { stop(): Promise<number[]> } {
  const failures: number[] = [];
  let ended = false;
  const run = async () => {
    for (let n = 0; !ended; n++) {
      const at = Date.now();
      const well = await fetch(`${url}${PAGE}?${n}`, { signal: AbortSignal.timeout(10_000) }).then(
        async (answer) => (await answer.text(), answer.status < 500),
        () => false,
      );
      if (!well) failures.push(at);
      await systemClock.sleep(20, NEVER);
    }
  };
  const running = run();
  return {
    async stop() {
      ended = true;
      await running;
      return failures;
    },
  };
}

interface StepLine {
  readonly service: string;
  readonly step: string;
  readonly state: string;
  readonly at: string;
}

describe.skipIf(squid === null || pound === null)('start -P', () => {
  const start = testClusters();
  if (squid === null || pound === null) return;

  it('purges the Squid after the last client is in; nobody loses a request but those whom the plan has told of', async () => {
    const cluster = await start({ clients: 2, pools: 2, zope: null, pound: pound.exe, signal: AbortSignal.timeout(120_000) });
    await embed(cluster);
    const url = await addSquid(cluster, squid);
    // Its folders are made, then it is started with what does not answer.
    expect(await fromCron(cluster, ['-a', 'purge'])).toMatchObject({ code: 0 });
    expect(await fromCron(cluster, ['start', '-s', 'squid'])).toMatchObject({ code: 0, stderr: '' });
    const cached = async () => (await fetch(`${url}${PAGE}`)).headers.get('x-cache')?.includes('HIT') === true;
    await until('a hit', cached, { timeoutMs: 30_000, signal: NEVER });

    const dryRun = await fromCron(cluster, ['start', '-P', '--dry-run', '--json']);
    const plan = JSON.parse(dryRun.stdout) as { plan: { step: string; service: string }[]; warnings: string[] };
    expect(plan.plan.at(-1)).toMatchObject({ step: 'purge', service: 'squid' });
    expect(plan.warnings).toContain('squid is away for up to 5 s: requests to it fail meanwhile');

    const before = await cluster.clientPids();
    const visitors = await visit(cluster);
    const through = watch(url);
    const roll = await fromCron(cluster, ['-a', 'start', '-P', '--json']);
    expect(roll.code).toBe(0);
    const failures = await through.stop();
    await visitors.stop();
    await expectAllNew(cluster, before);
    await expectAllIn(cluster, pound.exe);
    expect(await cached()).toBe(false);

    const lines = roll.stdout.trimEnd().split('\n');
    const steps = lines.map((line) => JSON.parse(line) as StepLine);
    const purge = steps.filter(({ step }) => step === 'purge');
    const lastIn = steps.findLastIndex(({ step, state }) => step === 'in' && state === 'end');
    expect(purge.map(({ state, service }) => [state, service])).toEqual([
      ['begin', 'squid'],
      ['end', 'squid'],
    ]);
    expect(steps.findIndex(({ step }) => step === 'purge')).toBeGreaterThan(lastIn);
    const [from = 0, to = 0] = purge.map(({ at }) => Date.parse(at));
    // The lost ones are counted apart: all of them fell into the purge.
    expect(failures.filter((at) => at < from - 1000 || at > to)).toEqual([]);
    expect(JSON.parse(lines.at(-1) ?? '')).toMatchObject({
      outcome: 'completed',
      services: expect.arrayContaining([expect.objectContaining({ name: 'squid', result: 'done' })]) as unknown,
    });
  });
});
