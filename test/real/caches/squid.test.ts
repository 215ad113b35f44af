import { readdir } from 'node:fs/promises';
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
import { findSquid } from '../../support/squid.js';
import { writeSquidConf } from '../../support/squid-conf.js';

const squid = await realPart('Squid', findSquid({ signal: setUpLimit() }));
const prepare = suiteProcesses('squid');
const limit = { timeoutMs: 60_000, signal: NEVER };
const HOST = 'www.example.org';
const NEWS = '/VirtualHostBase/http/www.example.org:80/plone/VirtualHostRoot/news';

const sites: CountingSite[] = [];
afterAll(async () => {
  for (const site of sites) await site[Symbol.asyncDispose]();
});

describe.skipIf(squid === null)('the purge of a real Squid', () => {
  if (squid === null) return;

  const startSquid = async ({ purges = true } = {}) => {
    const { folder } = await prepare();
    const site = await startCountingSite();
    sites.push(site);
    const [port = 0] = await findFreePorts(1);
    const { conf, cache } = await writeSquidConf(squid, { folder, port, site: site.port, host: HOST, purges });
    const spec: ServiceSpec = {
      ...{ name: 'squid', type: 'Squid', serviceName: 'squid', manager: 'command', ip: '127.0.0.1', port },
      cache: { kind: 'squid', folder: cache, exe: squid.exe, conf },
    };
    const { caches, manager } = cachesOf({ stateDir: join(folder, 'state'), start: [squid.exe, '-N', '-f', conf] });
    // Its first purge makes the folders, as for a cache that was never used.
    await caches.purge(spec, WHOLE, 'first', NEVER);
    await manager.start(spec, NEVER);
    const ask = (path: string) => http({ url: `http://127.0.0.1:${port}/`, rawPath: path, headers: { host: HOST }, ...limit });
    await until('Squid to answer', async () => (await ask(NEWS)).status === 200, limit);
    /** Whether the cache answered it by itself. */
    const isHit = async (path: string): Promise<boolean> => {
      const before = site.asked.length;
      expect((await ask(path)).status).toBe(200);
      return site.asked.length === before;
    };
    return { spec, caches, manager, isHit, cache };
  };

  it('makes a miss of a hit, for one page and no other', async () => {
    const { spec, caches, isHit } = await startSquid();
    const other = `${NEWS}/other`;
    for (const path of [NEWS, other]) await until(`a hit of ${path}`, () => isHit(path), limit);
    const order = {
      ...WHOLE,
      pages: [
        { host: HOST, path: NEWS },
        { host: HOST, path: `${NEWS}/nobody-asked` },
      ],
    };
    const { pages, awayMs } = await caches.purge(spec, order, 'p1', NEVER);
    expect(pages.map(({ outcome, status }) => [outcome, status])).toEqual([
      ['removed', 200],
      ['absent', 404],
    ]);
    expect(awayMs).toBeNull();
    expect(await isHit(NEWS)).toBe(false);
    expect(await isHit(other)).toBe(true);
  });

  it('makes a miss of every hit, and what was there is deleted behind its back', async () => {
    const { spec, caches, manager, isHit, cache } = await startSquid();
    await until('a hit', () => isHit(NEWS), limit);
    const plan = await caches.plan(spec, NEVER);
    expect(plan).toEqual({
      details: [
        `stop, ${cache} moved aside, squid -z, start; what was moved is deleted in the background; it waits up to 1 s for its visitors (shutdown_lifetime)`,
      ],
      awayS: 5,
    });
    const before = await manager.state(spec, NEVER);
    const result = await caches.purge(spec, WHOLE, 'p2', NEVER);
    expect(result.awayMs).toBeGreaterThan(0);
    expect(await isHit(NEWS)).toBe(false);
    await until('a hit', () => isHit(NEWS), limit);
    const after = await manager.state(spec, NEVER);
    expect(after.state).toBe('running');
    expect(after).not.toEqual(before);
    await until('what was moved aside to be gone', async () => (await readdir(cache)).every((name) => !name.startsWith('.purged')), limit);
    // The answer was lost, and is asked for again: nothing is done twice.
    expect(await caches.purge(spec, WHOLE, 'p2', NEVER)).toEqual(result);
    expect(await manager.state(spec, NEVER)).toEqual(after);
  });

  it('says how a Squid is told to let itself be purged, if it does not', async () => {
    const { spec, caches, isHit } = await startSquid({ purges: false });
    await until('a hit', () => isHit(NEWS), limit);
    const { pages } = await caches.purge(spec, { ...WHOLE, pages: [{ host: HOST, path: NEWS }] }, 'p3', NEVER);
    expect(pages).toMatchObject([{ outcome: 'refused', status: 403 }]);
    expect(pages[0]?.why).toContain('"http_access allow purge localhost"');
    expect(await isHit(NEWS)).toBe(true);
  });
});
