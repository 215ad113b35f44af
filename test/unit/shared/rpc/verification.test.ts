import { readdir, readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';

const ROOT = new URL('../../../../', import.meta.url);

/** Every source of the product, by its path. */
async function sources(): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  for (const folder of ['agent', 'controller', 'shared'])
    for (const path of await readdir(new URL(folder, ROOT), { recursive: true }))
      if (path.endsWith('.ts')) found.set(`${folder}/${path}`, await readFile(new URL(`${folder}/${path}`, ROOT), 'utf8'));
  return found;
}

it('verification is left out in two places only, and by a constant: a server that asks, and the look at an authority that is pinned', async () => {
  const lines = [...(await sources())].flatMap(([path, text]) =>
    text.split('\n').flatMap((line) => (/rejectUnauthorized\b(?!: true)/.test(line) ? [`${path}: ${line.trim()}`] : [])),
  );
  expect(lines.sort()).toEqual([
    'shared/rpc/join.ts: rejectUnauthorized: false,',
    'shared/rpc/tls-server.ts: super({ requestCert: true, rejectUnauthorized: false, handshakeTimeout: HANDSHAKE_MS }, contextOf(certified));',
  ]);
});
