import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createBalancerDriver } from '../../../agent/balancers/index.js';
import { findFreePorts } from '../../../deploy/demo/free-ports.js';
import { startPound } from '../../../deploy/demo/pound-process.js';
import { findPound } from '../../../deploy/demo/pound.js';
import { BACKEND_PORTS, confFiles } from '../../contract/balancer/conf-files.js';
import { options } from '../../contract/balancer/site.js';
import { noRestarts } from '../../support/balancer-deps.js';
import { realPart, setUpLimit } from '../../support/real.js';

const pound = await realPart('Pound', findPound({ signal: setUpLimit() }));

describe.skipIf(pound === null)('generated files', () => {
  const exe = pound?.exe ?? '';
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ctl-pound-conf-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  const stateOf = async (conf: string, control: string) => {
    const running = await startPound({ exe, cfg: conf, dir: folder, signal: AbortSignal.timeout(20_000) });
    try {
      const balancer = { kind: 'pound', conf, control, exe, apply: 'auto', sessions: 'wait' } as const;
      const driver = createBalancerDriver(
        { name: 'balancer', type: 'Pound', serviceName: 'Pound', manager: 'auto', ip: '127.0.0.1', port: 0, balancer },
        noRestarts,
      );
      return { driver, state: await driver.state(options()), stop: () => running.stop() };
    } catch (error) {
      await running.stop();
      throw error;
    }
  };

  it('mean to us what they mean to Pound: the same backends, in the same places, in and out alike', async () => {
    const conf = join(folder, 'pound.cfg');
    const control = join(folder, 'pound.sock');
    const listenerPorts = (await findFreePorts(2)).map(String);
    const files = fc.sample(confFiles({ listenerPorts, control, withDisabled: true, withJoins: false }), { numRuns: 30, seed: 4 });
    for (const text of files) {
      await writeFile(conf, text);
      const { driver, state, stop } = await stateOf(conf, control);
      try {
        expect(
          state.backends.map((b) => ({ ...b, inRuntime: b.inFile })),
          text,
        ).toEqual(state.backends);
        for (const port of BACKEND_PORTS) {
          const address = `127.0.0.1:${port}`;
          if (!state.backends.some((b) => b.address === address)) continue;
          await driver.set({ address, wanted: 'out' }, options());
          const out = await readFile(conf, 'utf8');
          await driver.set({ address, wanted: 'in' }, options());
          expect(out, text).not.toBe(await readFile(conf, 'utf8'));
        }
      } finally {
        await stop();
      }
      const again = await stateOf(conf, control);
      await again.stop();
      expect(
        again.state.backends.map((b) => b.inRuntime),
        text,
      ).not.toContain('out');
    }
  });
});
