import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { standingOf } from '../../../../controller/checks/standing.js';
import type { Backend, BalancerState } from '../../../../shared/model/balancer.js';
import { measured, unmeasured, type Measured } from '../../../../shared/model/observation.js';

const ADDRESS = '10.0.0.1:8080';
const backend = (over: Partial<Backend> = {}): Backend => ({
  address: ADDRESS,
  place: 'main/all',
  inFile: 'in',
  inRuntime: 'in',
  alive: true,
  sessions: 0,
  inFlight: null,
  ...over,
});
const pound = (...backends: Backend[]): Measured<BalancerState> =>
  measured({ name: 'pound', driver: 'pound-control', version: '4.16', aliveIntervalS: 30, backends });
const OUT = { inFile: 'out', inRuntime: 'out' } as const;

describe('standingOf', () => {
  it('is in where file and running balancer say so and it is alive everywhere', () => {
    expect(standingOf([pound(backend(), backend()), pound(backend())], ADDRESS)).toBe('in');
  });

  it('is out only if every running balancer that holds it says so, whatever the files say', () => {
    expect(standingOf([pound(backend(OUT)), pound(backend({ ...OUT, inFile: 'in', alive: false }))], ADDRESS)).toBe('out');
    expect(standingOf([pound(backend(OUT), backend())], ADDRESS)).toBe('unknown');
  });

  it('is dead where it is enabled and the balancer finds it dead in one place', () => {
    expect(standingOf([pound(backend(), backend({ alive: false }))], ADDRESS)).toBe('dead');
    expect(standingOf([pound(backend(OUT), backend({ alive: false }))], ADDRESS)).toBe('dead');
  });

  it('is none where no running balancer knows it', () => {
    expect(standingOf([], ADDRESS)).toBe('none');
    expect(standingOf([pound(backend({ address: '10.0.0.1:80' }))], ADDRESS)).toBe('none');
    expect(standingOf([pound(backend({ inRuntime: 'absent' }))], ADDRESS)).toBe('none');
  });

  it('is unknown where the file says something else than what runs', () => {
    expect(standingOf([pound(backend({ inFile: 'out' }))], ADDRESS)).toBe('unknown');
    expect(standingOf([pound(backend(), backend({ inRuntime: 'absent' }))], ADDRESS)).toBe('unknown');
  });

  it('is in where the state is kept in no file, and where the balancer tells nothing of its health', () => {
    expect(standingOf([pound(backend({ inFile: 'unkept', alive: null }))], ADDRESS)).toBe('in');
    expect(standingOf([pound(backend({ inFile: 'unkept', inRuntime: 'out', alive: null }))], ADDRESS)).toBe('out');
  });

  it('is unknown where a balancer cannot tell what it runs with, never out and never dead', () => {
    expect(standingOf([pound(backend({ inFile: 'out', inRuntime: 'unknown' }))], ADDRESS)).toBe('unknown');
    expect(standingOf([pound(backend(OUT), backend({ inRuntime: 'unknown' }))], ADDRESS)).toBe('unknown');
    expect(standingOf([pound(backend({ alive: false }), backend({ inRuntime: 'unknown' }))], ADDRESS)).toBe('unknown');
  });

  const someBackend = fc.record({
    address: fc.constantFrom(ADDRESS, '10.0.0.2:8080'),
    place: fc.constant('main/all'),
    inFile: fc.constantFrom('in' as const, 'out' as const, 'absent' as const, 'unkept' as const),
    inRuntime: fc.constantFrom('in' as const, 'out' as const, 'absent' as const, 'unknown' as const),
    alive: fc.constantFrom(true, false, null),
    sessions: fc.constantFrom(0, 3, null),
    inFlight: fc.constantFrom(0, 3, null),
  });
  const someState = fc.array(someBackend, { maxLength: 4 }).map((backends) => pound(...backends));

  it('knows nothing while one balancer was not asked', () => {
    fc.assert(
      fc.property(fc.array(someState, { maxLength: 3 }), fc.nat(3), (states, at) => {
        const withOneAway = states.toSpliced(at, 0, unmeasured('the agent of lb1 is away'));
        expect(standingOf(withOneAway, ADDRESS)).toBe('unknown');
      }),
    );
  });

  it('never says out or none of a client that a balancer may send something to', () => {
    fc.assert(
      fc.property(fc.array(someState, { maxLength: 3 }), (states) => {
        const enabled = states.some(
          (state) => state.ok && state.backends.some((b) => b.address === ADDRESS && ['in', 'unknown'].includes(b.inRuntime)),
        );
        expect(['out', 'none'].includes(standingOf(states, ADDRESS))).toBe(!enabled);
      }),
    );
  });
});
