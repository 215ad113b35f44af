import { describe, expect, it } from 'vitest';
import { createRepeats, moreOf } from '../../../shared/repeats.js';

/** A clock whose minutes end when the test says so. */
function start() {
  let pass = (): void => undefined;
  const said: string[] = [];
  const clock = { sleep: () => new Promise<void>((resolve) => (pass = resolve)) };
  const repeats = createRepeats(clock, (count) => said.push(`${count} others`));
  return {
    said,
    tell: (kind: string, times = 1) => {
      for (let n = 0; n < times; n++) repeats.tell(kind, (more) => said.push(`${kind}${moreOf(more)}`));
    },
    minute: async () => {
      pass();
      await Promise.resolve();
    },
    stop: () => repeats.stop(),
  };
}

describe('what happens again and again', () => {
  it('is told at once the first time, and as a number at the end of the minute', async () => {
    const { said, tell, minute } = start();
    tell('a', 1_000);
    tell('b');
    expect(said).toEqual(['a', 'b']);
    await minute();
    expect(said).toEqual(['a', 'b', 'a (999 more within a minute)']);
  });

  it('is told at once again in the next minute', async () => {
    const { said, tell, minute } = start();
    tell('a');
    await minute();
    tell('a', 2);
    expect(said).toEqual(['a', 'a']);
    await minute();
    expect(said.at(-1)).toBe('a (1 more within a minute)');
  });

  it('is one line a minute as long as it goes on', async () => {
    const { said, tell, minute } = start();
    for (let n = 0; n < 3; n++) {
      tell('a', 10);
      await minute();
    }
    expect(said).toEqual(['a', 'a (9 more within a minute)', 'a (10 more within a minute)', 'a (10 more within a minute)']);
    await minute();
    tell('a');
    expect(said.slice(4)).toEqual(['a']);
  });

  it('is counted in one line when it comes from everywhere', async () => {
    const { said, tell, minute } = start();
    for (let n = 0; n < 5_000; n++) tell(`somebody ${n}`);
    expect(said).toHaveLength(20);
    await minute();
    expect(said.slice(20)).toEqual(['4980 others']);
  });

  it('is told at the end, when nobody waits for the minute', () => {
    const { said, tell, stop } = start();
    tell('a', 3);
    stop();
    stop();
    expect(said).toEqual(['a', 'a (2 more within a minute)']);
  });
});
