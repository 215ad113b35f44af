import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { findFreePorts } from '../../../deploy/demo/free-ports.js';
import { endProcessesOf } from '../../../deploy/demo/leftovers.js';
import { until } from '../../../deploy/demo/until.js';
import type { ServiceSpec } from '../../../shared/model/service.js';
import type { Argv } from '../../../shared/ports/exec.js';
import { connectTcp } from '../../../shared/ports/tcp.js';
import { bundled, type Bundled } from '../../support/bundled.js';
import { cachesOf, WHOLE } from '../../support/caches.js';
import type { PurgeOnce } from '../../support/purge-once.js';
import { NEVER } from '../../support/rotations.js';

const limit = { timeoutMs: 20_000, signal: NEVER };
const SQUID = join(import.meta.dirname, '../../fixtures/programs/squid-like.mjs');

let program: Bundled;
beforeAll(async () => {
  program = await bundled('purge-once');
});
afterAll(() => program[Symbol.asyncDispose]());

let folder: string;
let cache: string;
let spec: ServiceSpec;
let start: Argv;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ctl-purge-'));
  cache = join(folder, 'cache');
  const conf = join(folder, 'squid.conf');
  const [port = 0] = await findFreePorts(1);
  await fillCache();
  await writeFile(conf, JSON.stringify({ port, folder: cache }));
  start = [SQUID, '-N', '-f', conf];
  spec = {
    ...{ name: 'squid', type: 'Squid', serviceName: 'squid', manager: 'command', ip: '127.0.0.1', port },
    cache: { kind: 'squid', folder: cache, exe: SQUID, conf },
  };
});
afterEach(async () => {
  await endProcessesOf(folder);
  await rm(folder, { recursive: true, force: true });
});

async function fillCache(): Promise<void> {
  await mkdir(join(cache, '00', '00'), { recursive: true });
  await writeFile(join(cache, '00', '00', '00000001'), 'an old page');
  await writeFile(join(cache, 'swap.state'), 'what is in it');
  await writeFile(join(cache, 'netdb.state'), 'of somebody else');
}

const set = () => ({ stateDir: join(folder, 'state'), start });
const answers = async (): Promise<boolean> => {
  (await connectTcp(spec, { timeoutMs: 1000, signal: NEVER }))[Symbol.dispose]();
  return true;
};
const oldPages = async () =>
  (await readdir(cache, { recursive: true })).filter((name) => name.endsWith('00000001') && !name.startsWith('.'));
const running = async () => cachesOf(set()).manager.state(spec, NEVER);

async function startSquid() {
  await cachesOf(set()).manager.start(spec, NEVER);
  await until('Squid to listen', answers, limit);
}

/** How it ended. */
async function purgeAndDie(order: PurgeOnce): Promise<string | null> {
  const child = spawn(process.execPath, [program.path, JSON.stringify(order)], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const [, signal] = (await once(child, 'close')) as [number | null, string | null];
  return signal;
}

describe('a purge that is killed', () => {
  // Before: stop, move aside, moved aside, make, made, start, started.
  it.each([1, 2, 3, 4, 5, 6, 7])('before its step %d is finished by the next run, and Squid runs', async (killAt) => {
    await startSquid();
    expect(await purgeAndDie({ ...set(), spec, id: 'p', killAt })).toBe('SIGKILL');
    const { caches } = cachesOf(set());
    expect(await caches.recover()).toEqual(['squid: a purge that was broken off was finished']);
    expect(await answers()).toBe(true);
    expect(await oldPages()).toEqual([]);
    const before = await running();
    // The controller asks for it again, and hears how it went; nothing is done twice.
    expect((await caches.purge(spec, WHOLE, 'p', NEVER)).awayMs).toBeGreaterThanOrEqual(0);
    expect(await running()).toEqual(before);
    await until('what was moved aside to be gone', async () => (await readdir(cache)).every((name) => !name.startsWith('.')), limit);
    expect(await readdir(cache)).toEqual(['00', '01', 'netdb.state', 'swap.state']);
    await caches.stop(10_000);
    expect(await cachesOf(set()).caches.recover()).toEqual([]);
  });

  it('is left alone where agent.ini does not allow it any more', async () => {
    await startSquid();
    expect(await purgeAndDie({ ...set(), spec, id: 'p', killAt: 2 })).toBe('SIGKILL');
    const mayPurge = () => Promise.reject(new Error('agent.ini does not allow "purge"'));
    expect(await cachesOf({ ...set(), mayPurge }).caches.recover()).toEqual([
      'squid: a purge that was broken off could not be finished: agent.ini does not allow "purge"',
    ]);
    expect((await running()).state).toBe('down');
  });
});

describe('what a purge moved aside', () => {
  it('is deleted before an agent that lives for one action ends, and else by the next one', async () => {
    const { caches } = cachesOf(set());
    await caches.purge(spec, WHOLE, 'p', NEVER);
    await caches.stop(10_000);
    expect((await readdir(cache)).sort()).toEqual(['00', '01', 'netdb.state', 'swap.state']);

    await fillCache();
    const hasty = cachesOf(set()).caches;
    await hasty.purge(spec, WHOLE, 'q', NEVER);
    await hasty.stop(0);
    const next = cachesOf(set()).caches;
    expect(await next.recover()).toEqual([]);
    await next.stop(10_000);
    expect((await readdir(cache)).sort()).toEqual(['00', '01', 'netdb.state', 'swap.state']);
  });
});

describe('a purge', () => {
  it('puts everything back when the new cache cannot be made, and Squid runs', async () => {
    await startSquid();
    await writeFile(join(folder, 'squid.conf'), JSON.stringify({ port: spec.port, folder: cache, broken: true }));
    const { caches } = cachesOf(set());
    await expect(caches.purge(spec, WHOLE, 'p', NEVER)).rejects.toMatchObject({
      code: 'failed',
      message: `the cache of squid is as it was: ${SQUID} -z ended with 1: FATAL: no room for the cache`,
    });
    expect(await answers()).toBe(true);
    expect(await oldPages()).toEqual(['00/00/00000001']);
    await caches.stop(10_000);
  });

  it.each(['stop', 'move aside', 'moved aside', 'make'])('that fails at "%s" leaves a Squid that runs, with what it had', async (at) => {
    await startSquid();
    const onStep = (step: string) => {
      if (step === at) throw new Error('no space left on device');
    };
    const { caches } = cachesOf({ ...set(), onStep });
    await expect(caches.purge(spec, WHOLE, 'p', NEVER)).rejects.toMatchObject({
      code: 'failed',
      message: 'the cache of squid is as it was: no space left on device',
    });
    expect(await answers()).toBe(true);
    expect(await oldPages()).toEqual(['00/00/00000001']);
    await caches.stop(10_000);
  });

  it('touches nothing in a folder that is no cache', async () => {
    const home = join(folder, 'home');
    await mkdir(join(home, 'Documents'), { recursive: true });
    await startSquid();
    const before = await running();
    const wrong = { ...spec, cache: { kind: 'squid', folder: home, exe: SQUID, conf: '' } } as const;
    await expect(cachesOf(set()).caches.purge(wrong, WHOLE, 'p', NEVER)).rejects.toMatchObject({
      code: 'precondition',
      message: `${home} holds no cache of a Squid, but Documents: it was not touched`,
    });
    expect(await running()).toEqual(before);
  });

  it('leaves a Squid down that was down', async () => {
    const { caches } = cachesOf(set());
    expect(await caches.purge(spec, WHOLE, 'p', NEVER)).toEqual({ pages: [], awayMs: null, notes: [] });
    expect(await oldPages()).toEqual([]);
    expect((await running()).state).toBe('down');
    await caches.stop(10_000);
  });
});
