import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { requireLocal } from '../../../../agent/addresses.js';

import type { CacheSpec, ServiceSpec } from '../../../../shared/model/service.js';
import { cachesOf, WHOLE } from '../../../support/caches.js';

/** Documentation's own (RFC 5737): of no host. */
const ELSEWHERE = '192.0.2.1';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ctl-foreign-'));
  await writeFile(join(folder, 'secret'), 'the secret of Varnish\n');
});
afterEach(() => rm(folder, { recursive: true }));

const cacheAt = (ip: string, cache: CacheSpec): ServiceSpec => ({
  ...{ name: 'cache', type: 'Squid', serviceName: 'squid', manager: 'command', ip, port: 3128, cache },
});

describe('a cache that the controller says to be on another host', () => {
  const { signal } = new AbortController();
  const pages = { ...WHOLE, pages: [{ host: 'www.example.org', path: '/' }] };
  const denied = { code: 'denied', message: `${ELSEWHERE} of cache is not an address of this host` };

  it('is sent no PURGE', async () => {
    const { caches } = cachesOf({ stateDir: folder, start: ['/bin/true'] });
    const squid = cacheAt(ELSEWHERE, { kind: 'squid', folder: '', exe: '', conf: '' });
    await expect(caches.purge(squid, pages, 'id', signal)).rejects.toMatchObject(denied);
  });

  it('is not shown that the agent knows the secret of the Varnish here', async () => {
    const { caches } = cachesOf({ stateDir: folder, start: ['/bin/true'] });
    const varnish = cacheAt(ELSEWHERE, { kind: 'varnish', admin: `${ELSEWHERE}:6082`, secretFile: join(folder, 'secret') });
    await expect(caches.plan(varnish, signal)).rejects.toMatchObject(denied);
    await expect(caches.purge(varnish, WHOLE, 'id', signal)).rejects.toMatchObject(denied);
    await expect(caches.purge(varnish, pages, 'id', signal)).rejects.toMatchObject(denied);
  });

  it('is one of this host at any of its addresses', () => {
    for (const ip of ['127.0.0.1', '127.0.0.53', '::1', '10.0.0.1']) requireLocal({ name: 'cache', ip }, ['127.0.0.1', '10.0.0.1']);
    expect(() => requireLocal({ name: 'cache', ip: '10.0.0.2' }, ['127.0.0.1', '10.0.0.1'])).toThrow('10.0.0.2 of cache is not');
  });
});
