import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createCrowd } from '../../../../shared/rpc/crowd.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

let port = 0;

/** What a server knows of a connection: from where it came, and whether it is still there. */
function connection(remoteAddress: string) {
  const socket = Object.assign(new EventEmitter(), {
    ...{ remoteAddress, remotePort: ++port, localAddress: '192.0.2.1', open: true },
    destroy() {
      socket.open = false;
      socket.emit('close');
    },
  });
  return socket;
}

function start() {
  const cuts: string[] = [];
  const crowd = createCrowd((address, why) => cuts.push(`${address}: ${why}`));
  const enter = (count: number, address: string) =>
    Array.from({ length: count }, () => {
      const one = connection(address);
      crowd.enter(one as unknown as Socket);
      return one;
    });
  return { cuts, enter, recognize: (one: ReturnType<typeof connection>, holder: string) => crowd.recognize(one, holder) };
}

const openOf = (sockets: readonly { open: boolean }[]) => sockets.filter(({ open }) => open).length;

describe('connections without a certificate', () => {
  it('are closed after a while', () => {
    const { cuts, enter } = start();
    const [one] = enter(1, '192.0.2.7');
    vi.advanceTimersByTime(29_999);
    expect(one?.open).toBe(true);
    vi.advanceTimersByTime(1);
    expect(one?.open).toBe(false);
    expect(cuts).toEqual(['192.0.2.7: no certificate within 30 s']);
  });

  it('are so many at most: whoever has most of them gives his oldest for the next', () => {
    const { cuts, enter } = start();
    const flood = enter(510, '192.0.2.7');
    const joining = enter(2, '192.0.2.8');
    expect(cuts).toEqual([]);
    const more = enter(3, '192.0.2.9');
    expect(openOf([...joining, ...more])).toBe(5);
    expect(flood.findIndex(({ open }) => open)).toBe(3);
    expect(new Set(cuts)).toEqual(new Set(['192.0.2.7: more than 512 connections without a certificate']));
  });

  it('count no more when they have gone', () => {
    const { cuts, enter } = start();
    for (let round = 0; round < 10; round++) for (const one of enter(500, '192.0.2.7')) one.destroy();
    vi.advanceTimersByTime(60_000);
    expect(cuts).toEqual([]);
  });
});

describe('connections with a certificate', () => {
  it('stay, and are no strangers any more', () => {
    const { cuts, enter, recognize } = start();
    const agents = Array.from({ length: 600 }, (_, n) => {
      const [one] = enter(1, '192.0.2.7');
      if (one !== undefined) recognize(one, `of agent web${n}`);
      return one;
    });
    vi.advanceTimersByTime(3_600_000);
    expect(cuts).toEqual([]);
    expect(agents.every((one) => one?.open)).toBe(true);
  });

  it('are so many at most of one holder; when one has gone there is room for another', () => {
    const { cuts, enter, recognize } = start();
    const own = enter(129, '192.0.2.7');
    for (const one of own) recognize(one, 'of agent web1');
    expect(own.map(({ open }) => open).lastIndexOf(false)).toBe(128);
    expect(cuts).toEqual(['192.0.2.7: more than 128 connections with a certificate of agent web1']);
    own[0]?.destroy();
    for (const one of enter(1, '192.0.2.7')) recognize(one, 'of agent web1');
    for (const one of enter(1, '192.0.2.7')) recognize(one, 'of agent web2');
    expect(cuts).toHaveLength(1);
  });
});
