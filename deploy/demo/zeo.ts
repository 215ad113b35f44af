// A stand-in for a ZEO server: greets first, tells `ruok` how it is, keeps a pid file and a log like runzeo's.
import { appendFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { createFrameReader, encodeFrame } from './zeo-frames.js';

const { values } = parseArgs({ options: { port: { type: 'string' }, folder: { type: 'string' } } });
const { port, folder } = values;
if (port === undefined || folder === undefined) throw new Error('usage: zeo --port PORT --folder FOLDER');

mkdirSync(join(folder, 'log'), { recursive: true });
const log = (message: string) => appendFileSync(join(folder, 'log/zeo.log'), `${new Date().toISOString().slice(0, 19)} ${message}\n`);
const pidFile = join(folder, 'ZEO.pid');
writeFileSync(pidFile, `${process.pid}\n`);
log(`(${process.pid}) created PID file '${pidFile}'`);

const clients = new Set<Socket>();
const startedAt = new Date();

const server = createServer((socket) => {
  socket.on('error', () => undefined);
  socket.on('close', () => {
    if (clients.delete(socket)) log(`(${socket.remoteAddress ?? ''}:${socket.remotePort ?? 0}) disconnected`);
  });
  socket.write(encodeFrame(PROTOCOL));
  socket.on(
    'data',
    createFrameReader((payload) => {
      if (payload === 'ruok') {
        socket.write(encodeFrame(JSON.stringify({ 1: health() })));
        return;
      }
      if (clients.has(socket)) return;
      clients.add(socket);
      log(`received handshake '${payload}'`);
    }),
  );
});
server.listen(Number(port), '127.0.0.1', () => log(`listening on ('127.0.0.1', ${port})`));

process.once('SIGTERM', () => {
  log(`(${process.pid}) terminated by SIGTERM`);
  rmSync(pidFile, { force: true });
  log(`(${process.pid}) removed PID file '${pidFile}'`);
  process.exit(0);
});

const PROTOCOL = 'Z5';

/** What ZEO 6 says of a storage; without a transaction timeout its `timeout-thread-is-alive` is the word "stub". */
function health() {
  return {
    connections: clients.size,
    loads: 0,
    stores: 0,
    commits: 0,
    aborts: 0,
    active_txns: 0,
    lock_time: null,
    conflicts: 0,
    conflicts_resolved: 0,
    start: startedAt.toUTCString(),
    waiting: 0,
    'timeout-thread-is-alive': 'stub',
    'last-transaction': '040d2f9ef56cf733',
  };
}
