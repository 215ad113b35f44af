import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { processId, type ProcessId } from '../../../shared/model/process.js';

/** A client that runs in the test: its HTTP server is real, its process is a number. */
export interface FakeZope {
  readonly name: string;
  readonly port: number;
  /** How often it was started. */
  generation(): number;
  process(): ProcessId | null;
  /** What becomes of its next starts. */
  starts: 'well' | 'and exits';
  /** Leaves a running one alone. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** On a port that the system chooses once, and that it keeps over its restarts. */
export async function startZope(name: string): Promise<FakeZope> {
  let generation = 0;
  let server: Server | null = null;
  const listen = async (wanted: number): Promise<Server> => {
    const listening = createServer((_, answer) => answer.end('page'));
    listening.listen(wanted, '127.0.0.1');
    await once(listening, 'listening');
    generation++;
    return listening;
  };
  server = await listen(0);
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('no port');
  const { port } = address;
  const zope: FakeZope = {
    name,
    port,
    starts: 'well',
    generation: () => generation,
    process: () => (server === null ? null : processId(1000 + generation, generation)),
    async start() {
      if (server === null && zope.starts === 'well') server = await listen(port);
    },
    async stop() {
      if (server === null) return;
      const closing = server;
      server = null;
      const closed = once(closing, 'close');
      closing.close();
      closing.closeAllConnections();
      await closed;
    },
  };
  return zope;
}
