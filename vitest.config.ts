import { defineConfig } from 'vitest/config';

const project = (name: string, testTimeout: number, parallel: boolean) => ({
  test: {
    name,
    include: [`test/${name}/**/*.test.ts`],
    testTimeout,
    hookTimeout: testTimeout,
    fileParallelism: parallel,
  },
});

export default defineConfig({
  test: {
    projects: [
      project('unit', 20_000, true),
      project('contract', 60_000, true),
      project('integration', 60_000, true),
      // One at a time: these start real programs and put load on them.
      project('real', 300_000, false),
    ],
  },
});
