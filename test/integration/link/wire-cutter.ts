import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import type { Address } from '../../../shared/rpc/address.js';

/** A stretch of network between agents and a controller that can fail in the ways of a network. */
export interface WireCutter extends AsyncDisposable {
  readonly address: Address;
  /** Every connection ends with a reset. */
  cut(): void;
  /** Nothing passes any more on the connections there are, and nobody is told; new ones work. */
  freeze(): void;
  /** As `freeze`, but the agents' ends get a reset, as from a firewall in between. */
  orphan(): void;
  /** Where new connections lead. */
  leadTo(target: Address): void;
}

export async function startWireCutter(first: Address): Promise<WireCutter> {
  let target = first;
  const pairs = new Set<{ readonly near: Socket; readonly far: Socket; halfOpen: boolean }>();
  const server = createServer((near) => {
    if (target.kind !== 'tcp') throw new Error('only ports can be cut');
    const far = connect(target.port, target.host);
    const pair = { near, far, halfOpen: false };
    pairs.add(pair);
    near.pipe(far);
    far.pipe(near);
    for (const socket of [near, far]) {
      socket.on('error', () => undefined);
      socket.on('close', () => {
        if (pair.halfOpen) return;
        pairs.delete(pair);
        near.destroy();
        far.destroy();
      });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const cut = () => {
    for (const pair of pairs) {
      pair.halfOpen = false;
      pair.near.resetAndDestroy();
      pair.far.resetAndDestroy();
    }
  };
  const freeze = () => {
    for (const { near, far } of pairs) {
      near.unpipe(far).pause();
      far.unpipe(near).pause();
    }
  };
  return {
    address: { kind: 'tcp', host: '127.0.0.1', port: (server.address() as AddressInfo).port },
    cut,
    freeze,
    orphan() {
      freeze();
      for (const pair of pairs) {
        pair.halfOpen = true;
        pair.near.resetAndDestroy();
      }
    },
    leadTo: (other) => void (target = other),
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        cut();
      }),
  };
}
