import { describe, expect, it } from 'vitest';
import { createLatencyRecorder } from '../../../../deploy/demo/latency.js';

describe('a latency recorder', () => {
  it('knows nothing before the first duration', () => {
    expect(createLatencyRecorder().read()).toBeNull();
  });

  it('tells percentiles to one percent and the maximum exactly', () => {
    const recorder = createLatencyRecorder();
    for (let ms = 1; ms <= 1000; ms++) recorder.add(ms);
    const { p50 = 0, p95 = 0, max } = recorder.read() ?? {};
    expect(Math.abs(p50 / 500 - 1)).toBeLessThan(0.015);
    expect(Math.abs(p95 / 950 - 1)).toBeLessThan(0.015);
    expect(max).toBe(1000);
  });

  it('takes durations of zero and of hours', () => {
    const recorder = createLatencyRecorder();
    recorder.add(0);
    expect(recorder.read()).toEqual({ p50: 0, p95: 0, max: 0 });
    recorder.add(7_200_000);
    expect(recorder.read()?.max).toBe(7_200_000);
  });
});
