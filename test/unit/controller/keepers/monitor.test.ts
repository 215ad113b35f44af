import { describe, expect, it } from 'vitest';
import type { MonitorConfig } from '../../../../controller/config/cluster.js';
import { startMonitor, type MonitorDeps } from '../../../../controller/keepers/monitor.js';
import type { Round, RoundOptions } from '../../../../controller/monitor/rounds.js';
import { AppError } from '../../../../shared/errors.js';
import { createLogger } from '../../../../shared/log.js';
import type { Clock } from '../../../../shared/ports/clock.js';
import { aClient, aCluster, aService } from '../checks/fixtures.js';

const NOTHING: Round = { reports: [], lasting: [], complaints: [], silent: new Set() };
const SERVICES = [aClient({ name: 'client1' }), aService({ name: 'pound', type: 'Pound' }), aService({ name: 'zeo', type: 'ZeoServer' })];
const START = 1_000_000;

interface Watched {
  readonly minutes: number;
  readonly monitor?: Partial<MonitorConfig>;
  /** What the nth round takes and how it ends. */
  readonly round?: (nth: number, pass: (ms: number) => void, options: RoundOptions) => Promise<Round>;
  readonly repair?: MonitorDeps['repair'];
  /** What happens at a minute. */
  readonly at?: Readonly<Record<number, () => void>>;
}

/** Lets minutes pass, and tells when rounds began. */
async function watch({ minutes, monitor = {}, round = async () => NOTHING, repair = async () => undefined, at = {} }: Watched) {
  const rounds: { readonly at: number; readonly names: readonly string[] }[] = [];
  const lines: string[] = [];
  const pruned: number[] = [];
  let now = START;
  let over: () => void = () => undefined;
  const ended = new Promise<void>((resolve) => (over = resolve));
  const clock: Clock = {
    now: () => now,
    async sleep(ms, signal) {
      now += ms;
      at[Math.floor((now - START) / 60_000)]?.();
      if (now < START + minutes * 60_000) return;
      over();
      await new Promise((_, reject) => signal.addEventListener('abort', reject, { once: true }));
    },
  };
  const running = startMonitor({
    config: () => aCluster(SERVICES, { monitor: { ...aCluster([]).monitor, ...monitor } }),
    rounds: {
      measure(services, options) {
        rounds.push({ at: (now - START) / 1000, names: services.map(({ spec }) => spec.name) });
        return round(rounds.length, (ms) => (now += ms), options);
      },
    },
    history: { prune: async (before) => void pruned.push(before) },
    repair,
    clock,
    log: createLogger({ name: 'test', level: 'info', write: (line) => void lines.push(line) }),
  });
  await ended;
  await running.stop();
  return { rounds, pruned, messages: lines.map((line) => (JSON.parse(line) as { msg: string }).msg) };
}

const began = ({ rounds }: Awaited<ReturnType<typeof watch>>) => rounds.map(({ at }) => at);

describe('the monitor', () => {
  it('looks at every service every interval, from the beginning on, the root first', async () => {
    const seen = await watch({ minutes: 3 });
    expect(seen.rounds).toEqual([0, 60, 120].map((at) => ({ at, names: ['zeo', 'pound', 'client1'] })));
  });

  it('takes the time of a round from the pause after it', async () => {
    const round: Watched['round'] = async (_, pass) => {
      pass(20_000);
      return NOTHING;
    };
    expect(began(await watch({ minutes: 3, round }))).toEqual([0, 60, 120]);
  });

  it('never lets two rounds run at a time: one that takes too long delays the next, and is told', async () => {
    const round: Watched['round'] = async (nth, pass) => {
      if (nth === 1) pass(150_000);
      return NOTHING;
    };
    const seen = await watch({ minutes: 4, round });
    expect(began(seen)).toEqual([0, 150, 210]);
    expect(seen.messages).toEqual(['a round took 150 s, longer than [monitor] interval (60 s)']);
  });

  it('makes one round of it when the machine was asleep for hours', async () => {
    const round: Watched['round'] = async (nth, pass) => {
      if (nth === 1) pass(5 * 3_600_000);
      return NOTHING;
    };
    expect(began(await watch({ minutes: 302, round }))).toEqual([0, 18_000, 18_060]);
  });

  it('goes on after a round that failed', async () => {
    const round: Watched['round'] = (nth) =>
      nth === 1 ? Promise.reject(new AppError('failed', 'no descriptor left')) : Promise.resolve(NOTHING);
    const seen = await watch({ minutes: 2, round });
    expect(began(seen)).toEqual([0, 60]);
    expect(seen.messages).toEqual(['a round of the monitor failed']);
  });

  it('tells what could not be kept', async () => {
    const seen = await watch({ minutes: 1, round: async () => ({ ...NOTHING, complaints: ['the history cannot be used'] }) });
    expect(seen.messages).toEqual(['the history cannot be used']);
  });

  it('is off without an interval, and begins when one is set', async () => {
    const monitor = { intervalMs: 0 };
    const switchOn = () => void (monitor.intervalMs = 60_000);
    expect(began(await watch({ minutes: 4, monitor, at: { 2: switchOn } }))).toEqual([120, 180]);
  });

  it('prunes the history once an hour, of what is older than 90 days', async () => {
    const { pruned } = await watch({ minutes: 121 });
    expect(pruned.map((before) => (before - START) / 60_000 + 90 * 24 * 60)).toEqual([0, 60, 120]);
  });

  it('hands each round to the repairs', async () => {
    const repaired: Round[] = [];
    const repair = async (round: Round) => void repaired.push(round);
    await watch({ minutes: 2, repair });
    expect(repaired).toEqual([NOTHING, NOTHING]);
  });

  it('goes on looking while a repair takes its time, begins no second one, and ends it when it is stopped', async () => {
    let repairs = 0;
    let ended = false;
    const repair: MonitorDeps['repair'] = (_, signal) => {
      repairs++;
      return new Promise((_resolve, reject) =>
        signal.addEventListener('abort', () => {
          ended = true;
          reject(new Error('stopped'));
        }),
      );
    };
    const seen = await watch({ minutes: 4, repair, monitor: { action: 'repair' } });
    expect(began(seen)).toEqual([0, 60, 120, 180]);
    expect([repairs, ended]).toEqual([1, true]);
    expect(seen.messages).toEqual([]);
  });

  it('ends the round in hand when it is stopped', async () => {
    let aborted = false;
    let begun: () => void = () => undefined;
    const inHand = new Promise<void>((resolve) => (begun = resolve));
    const monitor = startMonitor({
      config: () => aCluster(SERVICES),
      rounds: {
        measure: (_, { signal }) => {
          begun();
          return new Promise((_resolve, reject) =>
            signal.addEventListener('abort', () => {
              aborted = true;
              reject(new Error('stopped'));
            }),
          );
        },
      },
      history: { prune: async () => undefined },
      repair: async () => undefined,
      clock: { now: () => START, sleep: () => Promise.reject(new Error('not here')) },
      log: createLogger({ name: 'test', level: 'silent' }),
    });
    await inHand;
    await monitor.stop();
    expect(aborted).toBe(true);
  });
});
