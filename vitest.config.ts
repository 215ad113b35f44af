import { defineConfig } from 'vitest/config';

/** One project after the other: what puts load on the machine must not disturb the rest. */
const project = (name: string, groupOrder: number, testTimeout: number, parallel: boolean) => ({
  test: {
    name,
    include: [`test/${name}/**/*.test.ts`],
    testTimeout,
    hookTimeout: testTimeout,
    fileParallelism: parallel,
    sequence: { groupOrder },
  },
});

export default defineConfig({
  test: {
    projects: [
      // All in one world: half of the time would go into loading the same modules for each file.
      { test: { ...project('unit', 0, 20_000, true).test, isolate: false } },
      project('contract', 1, 60_000, true),
      project('integration', 2, 60_000, true),
      // One at a time: these start real programs and put load on them.
      project('real', 3, 300_000, false),
    ],
  },
});
