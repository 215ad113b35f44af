import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { Server } from 'node:net';
import { parseArgs } from 'node:util';
import { singleFile } from '../../agent/balancers/pound-conf.js';
import { accepts, parseAddress } from './standin/address.js';
import { checkConf } from './standin/check.js';
import { createControlServer, VERSION } from './standin/control.js';
import { createState, type StandinState } from './standin/pool.js';
import { createProxy } from './standin/proxy.js';

/**
 * Stands in for Pound where Pound cannot be had: reads the same pound.cfg (one file, no TLS; each listener uses its first service, or the
 * first global one), speaks the same control protocol, balances keep-alive traffic. The contract suite of the driver runs over both.
 */
function main(): void {
  const { values } = parseArgs({
    options: {
      f: { type: 'string', short: 'f' },
      p: { type: 'string', short: 'p' },
      c: { type: 'boolean', short: 'c' },
      F: { type: 'boolean', short: 'F' },
      e: { type: 'boolean', short: 'e' },
      V: { type: 'boolean', short: 'V' },
    },
  });
  if (values.V === true) {
    console.log(`pound (stand-in) ${VERSION}`);
    return;
  }
  const path = values.f ?? '/etc/pound.cfg';
  const result = checkConf(singleFile(path, readFileSync(path, 'latin1')));
  if ('problem' in result) {
    console.error(`pound: ${result.problem}`);
    process.exitCode = 1;
    return;
  }
  if (values.c === true) return;
  const state = createState(result.conf);
  const sockets = state.listeners.map((l) => l.address).filter((address) => address.startsWith('/'));
  for (const path of sockets) rmSync(path, { force: true });
  const servers = state.listeners.map((listener) => listen(state, listener, result.conf.clientS * 1000));
  const probe = setInterval(() => void probeDead(state), result.conf.aliveS * 1000);
  if (values.p !== undefined) writeFileSync(values.p, `${process.pid}\n`);

  const cleanUp = () => {
    for (const path of sockets) rmSync(path, { force: true });
    if (values.p !== undefined) rmSync(values.p, { force: true });
  };
  const stopNow = () => {
    cleanUp();
    process.exit(0);
  };
  const stopGracefully = () => {
    clearInterval(probe);
    cleanUp();
    for (const server of servers) server.close();
    setTimeout(stopNow, GRACE_MS).unref();
  };
  process.once('SIGTERM', stopNow);
  process.once('SIGHUP', stopGracefully);
  process.once('SIGINT', stopGracefully);
}

const GRACE_MS = 30_000;

function listen(state: StandinState, listener: StandinState['listeners'][number], idleVisitorMs: number): Server {
  const target = parseAddress(listener.address);
  if (listener.kind === 'control') return createControlServer(state).listen(target);
  return createProxy([...listener.services, ...state.services], idleVisitorMs).listen(target);
}

/** As Pound does it: a TCP connection, for each dead backend, disabled or not. */
async function probeDead(state: StandinState): Promise<void> {
  const all = [...state.listeners.flatMap((l) => l.services), ...state.services].flatMap((s) => s.backends);
  await Promise.all(all.filter((b) => !b.alive).map(async (b) => (b.alive = await accepts(b.address))));
}

main();
