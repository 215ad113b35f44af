import { join } from 'node:path';
import { createCaches, type Caches } from '../../agent/caches/index.js';
import { createProcesses, createServiceManager, type ServiceManager } from '../../agent/services/index.js';
import { createLogger } from '../../shared/log.js';
import type { PurgeOrder } from '../../shared/model/cache.js';
import { systemClock } from '../../shared/ports/clock.js';
import { exec, type Argv } from '../../shared/ports/exec.js';

/** Caches of a host as an agent has them, and the manager of the one service, `squid`, that is started by `start`. */
export interface CachesUnderTest {
  readonly caches: Caches;
  readonly manager: ServiceManager;
}

export interface CachesSetUp {
  readonly stateDir: string;
  readonly start: Argv;
  readonly onStep?: (step: string) => void;
  readonly mayPurge?: () => Promise<void>;
}

export function cachesOf({ stateDir, start, onStep, mayPurge = async () => undefined }: CachesSetUp): CachesUnderTest {
  const manager = createServiceManager({
    ...{ stateDir: join(stateDir, 'manager'), clock: systemClock, exec, platform: process.platform, booted: false, supervisor: undefined },
    commands: new Map([['squid', { start, stop: null, user: null }]]),
    processes: createProcesses(),
    env: { PATH: process.env.PATH ?? '' },
    uid: process.getuid?.() ?? 0,
  });
  const log = createLogger({ name: 'test', level: 'silent' });
  const more = onStep === undefined ? {} : { onStep };
  return { manager, caches: createCaches({ manager, clock: systemClock, exec, log, stateDir, mayPurge, ...more }) };
}

export const WHOLE: PurgeOrder = { pages: [], stopDeadlineMs: 20_000, startDeadlineMs: 20_000 };
