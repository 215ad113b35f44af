import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A site on the loopback address that lets everything be kept, and knows what it was asked for. */
export interface CountingSite extends AsyncDisposable {
  readonly port: number;
  /** Paths, in order. */
  readonly asked: readonly string[];
}

export async function startCountingSite(): Promise<CountingSite> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? '');
    response.writeHead(200, { 'cache-control': 'public, max-age=3600', 'content-type': 'text/html' }).end('x'.repeat(4000));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    asked,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
