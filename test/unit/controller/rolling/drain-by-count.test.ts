import { describe, expect, it } from 'vitest';
import { unmeasured } from '../../../../shared/model/observation.js';
import { at, connections, decide, enter, idle, running, wait } from './deciding.js';
import { aPlan, OLD } from './fixtures.js';

const stop = { ...enter('stop'), replacing: OLD };
const drained = (facts: Parameters<typeof decide>[1], seconds = 1) =>
  decide('drain', { standing: 'out', process: running(), ...facts }, at(seconds));
const busy = { peer: 'lb', silentMs: 10, pending: true };
const untold = { peer: 'lb', silentMs: null, pending: true };

describe('a drain behind a balancer that counts its requests', () => {
  it('is over when it counts none, however lately a connection was used, and whatever may wait on it', () => {
    expect(drained({ inFlight: 0, connections: connections(idle(3), idle(null)) })).toEqual(stop);
    expect(drained({ inFlight: 0, connections: connections(busy) })).toEqual(stop);
  });

  it('is over when it counts none, where nothing is known of connections', () => {
    expect(drained({ inFlight: 0, connections: unmeasured('no ss here') })).toEqual(stop);
    expect(drained({ inFlight: 0, connections: connections(untold) })).toEqual(stop);
  });

  it('goes on while it counts one, however silent the connections are', () => {
    expect(drained({ inFlight: 1, connections: connections(idle(60_000)) })).toEqual(
      wait('1 requests under way by the count of the balancer; 1 connections, 0 with a request'),
    );
  });

  it('ends with its time, and says what there was', () => {
    expect(drained({ inFlight: 2, connections: unmeasured('no ss here') }, 30)).toEqual({
      ...enter('stop', 'not drained after 30 s: 2 requests under way by the count of the balancer; no ss here'),
      replacing: OLD,
    });
  });
});

describe('a client that is held out by hand', () => {
  const plain = aPlan([['c1']]);
  const plan = { ...plain, batches: plain.batches.map((b) => ({ ...b, members: b.members.map((m) => ({ ...m, held: true })) })) };

  it('is not let in when it is put back', () => {
    const where = { plan, over: { detail: 'did not stop: no' } };
    expect(decide('back', { standing: 'out', health: { ok: true } }, at(1), where)).toEqual({
      ...{ do: 'settle', result: 'failed', why: 'did not stop: no' },
    });
    expect(
      decide('back', { standing: 'out', health: { ok: true } }, at(1), { plan, over: { detail: 'the operation was stopped' } }),
    ).toEqual({
      ...{ do: 'settle', result: 'untouched' },
    });
  });
});
