import { createServer, type Socket } from 'node:net';
import { once } from 'node:events';

export interface TestServer extends AsyncDisposable {
  readonly ip: string;
  readonly port: number;
  /** Connections that it got so far. */
  readonly connections: () => number;
  /** Everything that was sent to it so far. */
  readonly received: () => string;
}

/** A server on a free loopback port that does with each connection what it is told; disposing of it cuts them all. */
export async function serve(onConnection: (socket: Socket) => void, ip = '127.0.0.1', wanted = 0): Promise<TestServer> {
  const sockets = new Set<Socket>();
  let connections = 0;
  let received = '';
  const server = createServer((socket) => {
    connections++;
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    // The checks close and reset connections as they like; that is not what these tests are about.
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => (received += chunk.toString('latin1')));
    onConnection(socket);
  });
  server.listen(wanted, ip);
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    ip,
    port: address.port,
    connections: () => connections,
    received: () => received,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Sends `answer` as soon as a request has come, and closes. */
export const answering = (answer: string) => (socket: Socket) => {
  socket.once('data', () => socket.end(answer));
};

/** A loopback port on which nothing listens (it was free a moment ago). */
export async function closedPort(): Promise<number> {
  await using server = await serve(() => undefined);
  return server.port;
}

export const page = (body: string, status = '200 OK', headers = '') =>
  `HTTP/1.1 ${status}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n${headers}\r\n${body}`;
