import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { findFreePorts } from '../../../deploy/demo/free-ports.js';
import { until } from '../../../deploy/demo/until.js';
import type { ServiceSpec } from '../../../shared/model/service.js';
import { http } from '../../../shared/ports/http.js';
import { cachesOf, WHOLE } from '../../support/caches.js';
import { type CountingSite, startCountingSite } from '../../support/counting-site.js';
import { suiteProcesses } from '../../support/processes.js';
import { realPart, setUpLimit } from '../../support/real.js';
import { NEVER } from '../../support/rotations.js';
import { findVarnish } from '../../support/varnish.js';

const varnish = await realPart('Varnish', findVarnish({ signal: setUpLimit() }));
const prepare = suiteProcesses('varnish');
const limit = { timeoutMs: 60_000, signal: NEVER };
const HOST = 'www.example.org';

const sites: CountingSite[] = [];
afterAll(async () => {
  for (const site of sites) await site[Symbol.asyncDispose]();
});

describe.skipIf(varnish === null)('the purge of a real Varnish', () => {
  if (varnish === null) return;

  const startVarnish = async () => {
    const { folder, processes } = await prepare();
    const site = await startCountingSite();
    sites.push(site);
    const [port = 0, admin = 0] = await findFreePorts(2);
    const secretFile = join(folder, 'secret');
    await writeFile(secretFile, '0d8a3f1e-varnish\n');
    const argv = [
      ...[varnish.exe, '-F', '-j', 'none', '-n', join(folder, 'n'), '-a', `127.0.0.1:${port}`, '-b', `127.0.0.1:${site.port}`],
      ...['-T', `127.0.0.1:${admin}`, '-S', secretFile, '-s', 'malloc,8m', ...varnish.places],
    ];
    const program = await processes.start('varnish', argv as [string, ...string[]]);
    const spec: ServiceSpec = {
      ...{ name: 'varnish', type: 'Varnish', serviceName: 'varnish', manager: 'command', ip: '127.0.0.1', port },
      cache: { kind: 'varnish', admin: `localhost:${admin}`, secretFile },
    };
    const { caches } = cachesOf({ stateDir: join(folder, 'state'), start: ['true'] });
    const ask = (path: string) => http({ url: `http://127.0.0.1:${port}/`, rawPath: path, headers: { host: HOST }, ...limit });
    await until('Varnish to answer', async () => program.running() && (await ask('/up')).status === 200, limit);
    const isHit = async (path: string): Promise<boolean> => {
      const before = site.asked.length;
      expect((await ask(path)).status).toBe(200);
      return site.asked.length === before;
    };
    return { spec, caches, isHit, folder, program };
  };

  it('makes a miss of a hit for one page and no other, then of all, and answers all the time', async () => {
    const { spec, caches, isHit, program } = await startVarnish();
    for (const path of ['/news?a="b', '/other']) await until(`a hit of ${path}`, () => isHit(path), limit);
    const order = { ...WHOLE, pages: [{ host: HOST, path: '/news?a="b' }] };
    expect(await caches.purge(spec, order, 'v1', NEVER)).toMatchObject({ awayMs: null, pages: [{ outcome: 'removed', status: 200 }] });
    expect(await isHit('/news?a="b')).toBe(false);
    expect(await isHit('/other')).toBe(true);

    expect(await caches.plan(spec, NEVER)).toMatchObject({ awayS: null });
    expect(await caches.purge(spec, WHOLE, 'v2', NEVER)).toEqual({ pages: [], awayMs: null, notes: [] });
    expect(await isHit('/other')).toBe(false);
    expect(program.running()).toBe(true);
  });

  it('is refused with a reason when the secret is not its own', async () => {
    const { spec, caches, folder } = await startVarnish();
    await writeFile(join(folder, 'other'), 'not it\n');
    const cache = {
      kind: 'varnish',
      admin: spec.cache?.kind === 'varnish' ? spec.cache.admin : '',
      secretFile: join(folder, 'other'),
    } as const;
    await expect(caches.purge({ ...spec, cache }, WHOLE, 'v3', NEVER)).rejects.toMatchObject({
      code: 'denied',
      message: 'Varnish does not take this secret',
    });
    const without = { ...spec, cache: { ...cache, secretFile: '' } };
    await expect(caches.purge(without, WHOLE, 'v4', NEVER)).rejects.toMatchObject({
      message: 'Varnish wants to be answered with its secret',
    });
  });
});
