import { readFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { listens, parseSockets } from '../../../../agent/connections/proc-net.js';

describe('parseSockets', () => {
  const sockets = parseSockets(readFileSync(join(import.meta.dirname, '../../../fixtures/ss/proc-net-tcp6-linux-6.18.txt'), 'utf8'));

  it('reads addresses, ports and states', () => {
    expect(sockets[0]).toEqual({ local: { address: '::', port: 46421 }, peer: { address: '::', port: 0 }, state: 'listen' });
    expect(sockets[1]).toEqual({ local: { address: '::1', port: 46421 }, peer: { address: '::1', port: 37644 }, state: 'established' });
  });

  it('reads IPv4 inside IPv6 as IPv4', () => {
    expect(sockets[3]).toMatchObject({ local: { address: '127.0.0.1' }, peer: { address: '127.0.0.1' } });
  });

  it('reads IPv4', () => {
    const text = 'sl\n 0: 0100007F:1F90 0200007F:0050 08 00000000:00000000\n';
    expect(parseSockets(text)).toEqual([
      { local: { address: '127.0.0.1', port: 8080 }, peer: { address: '127.0.0.2', port: 80 }, state: 'close-wait' },
    ]);
  });
});

describe('listens', () => {
  it('knows a port that somebody listens on from one that nobody does', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    try {
      expect(await listens(port)).toBe(true);
    } finally {
      await new Promise((resolve) => server.close(resolve));
    }
    expect(await listens(port)).toBe(false);
  });
});
