import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createBalancerDriver, recoverPounds } from '../../../../agent/balancers/index.js';
import { createPoundRestarts } from '../../../../agent/balancers/pound-restarts.js';
import { AppError } from '../../../../shared/errors.js';
import { processId, type ProcessState } from '../../../../shared/model/process.js';
import type { ServiceSpec } from '../../../../shared/model/service.js';
import type { Exec } from '../../../../shared/ports/exec.js';
import { noRestarts } from '../../../support/balancer-deps.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ctl-pound-restarts-'));
  await writeFile(join(folder, 'pound.cfg'), 'Service\n BackEnd\n  Address 10.0.0.1\n  Port 8081\n End\nEnd\n');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const ADDRESS = '10.0.0.1:8081';
const options = { signal: new AbortController().signal, timeoutMs: 5_000 };
const pound = (): ServiceSpec => ({
  ...{ name: 'balancer', type: 'Pound', serviceName: 'Pound', manager: 'auto', ip: '127.0.0.1', port: 80 },
  balancer: { kind: 'pound', conf: join(folder, 'pound.cfg'), control: '', exe: 'pound', apply: 'auto', sessions: 'delete' },
});
const accepts: Exec = async () => ({ code: 0, signal: null, stdout: '', stderr: '', truncated: false });

/** Pound by its service manager. A start that `dies` never comes back: the agent has ended. */
function managed({ running = true, start = 'well' }: { running?: boolean; start?: 'well' | 'fails' | 'dies' } = {}) {
  let generation = running ? 1 : 0;
  const state = async (): Promise<ProcessState> =>
    generation > 0
      ? { state: 'running', process: processId(100 + generation, generation), startedAt: 0 }
      : { state: 'down', why: 'stopped', failed: false };
  let reach = (): void => undefined;
  const reached = new Promise<void>((resolve) => (reach = resolve));
  let starts = 0;
  const manager = {
    state,
    async stop() {
      generation = 0;
      return { how: 'stopped', ms: 1 } as const;
    },
    async start() {
      starts++;
      reach();
      if (start === 'dies') await new Promise(() => undefined);
      if (start === 'fails') return { state: 'down', why: 'exit code 1', failed: true } as const;
      generation = starts + 1;
      return state();
    },
  };
  const driver = createBalancerDriver(pound(), { ...noRestarts, exec: accepts, stateDir: folder, manager });
  return { manager, driver, reached, starts: () => starts };
}

const left = async () => (await createPoundRestarts(folder).list()).map(({ spec }) => spec.name);
const mayStart = () => undefined;

describe('a Pound that is restarted for a change of its file', () => {
  it('is on record while it is down, and no longer', async () => {
    const { driver } = managed();
    await driver.set({ address: ADDRESS, wanted: 'out' }, options);
    expect(await left()).toEqual([]);
  });

  it('is started by the next agent if this one dies in between, once', async () => {
    const { driver, reached } = managed({ start: 'dies' });
    const order = driver.set({ address: ADDRESS, wanted: 'out' }, { ...options, timeoutMs: 60_000 });
    order.catch(() => undefined);
    await reached;
    expect(await left()).toEqual(['balancer']);

    const next = managed({ running: false });
    expect(await recoverPounds({ stateDir: folder, manager: next.manager, mayStart })).toEqual([
      'balancer was stopped for a change of its file when the agent ended: it is started again',
    ]);
    expect(await recoverPounds({ stateDir: folder, manager: next.manager, mayStart })).toEqual([]);
    expect(next.starts()).toBe(1);
  });

  it('stays on record if it comes up neither with the new file nor with the old one', async () => {
    const { driver } = managed({ start: 'fails' });
    await expect(driver.set({ address: ADDRESS, wanted: 'out' }, options)).rejects.toMatchObject({ code: 'failed' });
    expect(await left()).toEqual(['balancer']);
  });
});

describe('a Pound that an agent has left', () => {
  beforeEach(() => createPoundRestarts(folder).write('balancer', { spec: pound() }));

  it('is left alone if it runs again', async () => {
    const { manager, starts } = managed();
    expect(await recoverPounds({ stateDir: folder, manager, mayStart })).toEqual([]);
    expect([await left(), starts()]).toEqual([[], 0]);
  });

  it('is told, and tried again by the next agent, if it cannot be started or may not be', async () => {
    const { manager } = managed({ running: false, start: 'fails' });
    const could = 'balancer was stopped for a change of its file when the agent ended, and could not be started again';
    expect(await recoverPounds({ stateDir: folder, manager, mayStart })).toEqual([`${could}: exit code 1`]);
    const denied = () => {
      throw new AppError('denied', 'agent.ini does not allow "start"');
    };
    expect(await recoverPounds({ stateDir: folder, manager: managed({ running: false }).manager, mayStart: denied })).toEqual([
      `${could}: agent.ini does not allow "start"`,
    ]);
    expect(await left()).toEqual(['balancer']);
  });
});
