import { describe, expect, it } from 'vitest';
import { createStorm } from '../../../../agent/watch/storm.js';
import { anEvent } from '../../../support/agent-events.js';

const WINDOW_MS = 60_000;
const setUp = () => createStorm({ most: 2, windowMs: WINDOW_MS });
const idOf = (event: { readonly id: string } | null) => event?.id ?? null;

describe('a storm of events', () => {
  it('lets the first ones pass, and of the others the last one with their number when the minute is over', () => {
    const storm = setUp();
    expect(['a', 'b', 'c', 'd', 'e'].map((id, n) => idOf(storm.admit(anEvent(id), n)))).toEqual(['a', 'b', null, null, null]);
    expect(storm.release(WINDOW_MS - 1)).toBeNull();
    expect(storm.release(WINDOW_MS)).toEqual({ ...anEvent('e'), omitted: 2 });
    expect(storm.release(WINDOW_MS * 3)).toBeNull();
  });

  it('says nothing of others where there was one', () => {
    const storm = setUp();
    for (const id of ['a', 'b', 'c']) storm.admit(anEvent(id), 0);
    expect(storm.release(WINDOW_MS)).toEqual(anEvent('c'));
  });

  it('counts what was told of the last minute in the next one', () => {
    const storm = setUp();
    for (const id of ['a', 'b', 'c']) storm.admit(anEvent(id), 0);
    storm.release(WINDOW_MS);
    expect(['d', 'e'].map((id) => idOf(storm.admit(anEvent(id), WINDOW_MS + 1)))).toEqual(['d', null]);
  });

  it('lets them pass again after a quiet minute', () => {
    const storm = setUp();
    for (const id of ['a', 'b']) storm.admit(anEvent(id), 0);
    expect(['c', 'd', 'e'].map((id) => idOf(storm.admit(anEvent(id), WINDOW_MS)))).toEqual(['c', 'd', null]);
  });

  it('is told before its time when the agent ends', () => {
    const storm = setUp();
    for (const id of ['a', 'b', 'c', 'd']) storm.admit(anEvent(id), 0);
    expect(storm.release(1, true)).toEqual({ ...anEvent('d'), omitted: 1 });
    expect(storm.release(2, true)).toBeNull();
  });

  it('holds back no more than one, however many there are: those after an end of its window wait for the release', () => {
    const storm = setUp();
    for (const id of ['a', 'b', 'c']) storm.admit(anEvent(id), 0);
    expect(storm.admit(anEvent('d'), WINDOW_MS * 2)).toBeNull();
    expect(storm.release(WINDOW_MS * 2)).toEqual({ ...anEvent('d'), omitted: 1 });
  });
});
