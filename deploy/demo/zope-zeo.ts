import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { createFrameReader, encodeFrame } from './zeo-frames.js';

/** A client's connection to its ZEO server: made again and again whenever it is lost. */
export interface Database {
  connected(): boolean;
}

type Log = (level: 'INFO' | 'WARNING', message: string) => void;

/** Resolves at the first connection, however long that takes: Zope does not start without its database. */
export function connectToZeo(port: number, log: Log): Promise<Database> {
  let live: Socket | null = null;
  const database: Database = { connected: () => live !== null };
  return new Promise((resolve) => {
    const keepConnected = async (): Promise<never> => {
      for (;;) {
        await new Promise<void>((closed) => {
          const socket = connect(port, '127.0.0.1');
          socket.on('error', () => undefined);
          socket.on('close', () => {
            if (live !== null) log('WARNING', `Disconnected from storage ('127.0.0.1', ${port})`);
            live = null;
            closed();
          });
          socket.on(
            'data',
            createFrameReader((greeting) => {
              if (live !== null) return;
              live = socket;
              socket.write(encodeFrame(greeting));
              log('INFO', `Connected to storage ('127.0.0.1', ${port})`);
              resolve(database);
            }),
          );
        });
        await sleep(RETRY_MS);
      }
    };
    void keepConnected();
  });
}

const RETRY_MS = 200;
