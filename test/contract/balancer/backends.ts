import { createServer, type Server } from 'node:http';

/** An HTTP server that answers its port; behind a balancer. */
export interface TestBackend {
  readonly port: number;
  /** Requests that it has seen. */
  readonly seen: () => number;
  /** Requests that it has not answered yet. */
  readonly open: () => number;
  /** It answers nothing until the one returned is called. */
  hold(): () => void;
  start(): Promise<void>;
  /** As a program that ends: its connections are closed. */
  stop(): Promise<void>;
}

export function createBackend(port: number): TestBackend {
  let server: Server | null = null;
  let seen = 0;
  let open = 0;
  let held: (() => void)[] | null = null;
  return {
    port,
    seen: () => seen,
    open: () => open,
    hold() {
      const waiting = (held ??= []);
      return () => {
        held = null;
        for (const answer of waiting.splice(0)) answer();
      };
    },
    start: () =>
      new Promise((resolve, reject) => {
        const created = createServer((request, response) => {
          seen++;
          open++;
          response.once('close', () => open--);
          const answer = () => response.end(String(port));
          // What a balancer's own checks ask for is answered always.
          if (held === null || request.method === 'OPTIONS') answer();
          else held.push(answer);
        });
        // Only the balancer ends idle connections here.
        created.keepAliveTimeout = 0;
        created.once('error', reject);
        created.listen(port, '127.0.0.1', () => resolve());
        server = created;
      }),
    stop: () =>
      new Promise((resolve) => {
        if (server === null) {
          resolve();
          return;
        }
        server.close(() => resolve());
        server.closeAllConnections();
        server = null;
      }),
  };
}
