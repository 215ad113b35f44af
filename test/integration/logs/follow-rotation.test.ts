import { mkdir, mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLogSearch } from '../../../agent/logs/index.js';
import { AppError } from '../../../shared/errors.js';
import type { LogQuery } from '../../../shared/model/log-search.js';
import type { RotationSpec } from '../../../shared/model/rotation.js';
import type { ServiceType } from '../../../shared/model/service.js';
import { systemClock } from '../../../shared/ports/clock.js';
import { canCollapse } from '../../support/can-collapse.js';
import { startWriter, type WriterWay } from '../../support/numbered-lines.js';
import { NEVER, rotationOf, serviceOf, specOf } from '../../support/rotations.js';

const ROTATIONS = 6;
/** Of some 70 bytes each. */
const LINES = 100_000;
const RATE = 15_000;

const EVERYTHING: LogQuery = {
  ...{ what: { kind: 'every' }, output: 'entries', range: { kind: 'all', archives: false } },
  ...{ level: null, context: 0, max: null, tail: null, follow: true },
};

let folder = '';
let log = '';
let archiveDir = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ctl-follow-'));
  log = join(folder, 'log', 'event.log');
  archiveDir = join(folder, 'archive');
  await mkdir(join(folder, 'log'));
  await mkdir(archiveDir);
});
afterEach(() => rm(folder, { recursive: true, force: true }));

interface Following {
  /** How often each number was shown. */
  readonly shown: ReadonlyMap<number, number>;
  /** Resolves when so many different ones were. */
  seen(count: number): Promise<void>;
  end(): Promise<void>;
}

function follow(): Following {
  const abort = new AbortController();
  const shown = new Map<number, number>();
  const waiting: { readonly count: number; readonly resolve: () => void }[] = [];
  const spec = { file: log, readyPattern: '', criticalPattern: '', ignorePattern: '' };
  const target = { service: 'zeoclient1.1', path: log, spec, archiveDir, allowed: (path: string) => Promise.resolve(path) };
  const reading = (async () => {
    for await (const part of createLogSearch({ clock: systemClock })(target, EVERYTHING, abort.signal)) {
      if (part.type === 'summary') continue;
      expect(part.notes).toBeUndefined();
      for (const { text } of part.entries) shown.set(Number(text.slice(0, 10)), (shown.get(Number(text.slice(0, 10))) ?? 0) + 1);
      for (const { count, resolve } of waiting) if (shown.size >= count) resolve();
    }
  })();
  return {
    shown,
    seen: (count) =>
      Promise.race([
        new Promise<void>((resolve) => {
          waiting.push({ count, resolve });
          if (shown.size >= count) resolve();
        }),
        reading,
      ]),
    async end() {
      abort.abort(new AppError('cancelled', 'enough'));
      await expect(reading).rejects.toMatchObject({ code: 'cancelled' });
    },
  };
}

async function grownTo(bytes: number): Promise<void> {
  while ((await stat(log).catch(() => ({ size: 0 }))).size < bytes) await systemClock.sleep(5, NEVER);
}

const collapses = await canCollapse(tmpdir());

describe('following a log of 100,000 numbered lines that ctl rotates meanwhile', () => {
  const shows = async (rotation: Partial<RotationSpec>, way: WriterWay, type: ServiceType) => {
    await using writer = await startWriter(log, { rate: RATE, way });
    const following = follow();
    try {
      const rotate = rotationOf({ stateDir: join(folder, 'state'), pid: writer.pid });
      for (let n = 0; n < ROTATIONS; n++) {
        await grownTo((LINES / ROTATIONS) * 70);
        const { logs } = await rotate.rotate(serviceOf(type), specOf([log], archiveDir, rotation), NEVER);
        expect(logs).toMatchObject([{ outcome: 'rotated', method: rotation.method }]);
      }
      const written = await writer.end();
      expect(written).toBeGreaterThanOrEqual(LINES);
      await following.seen(written);
      expect(following.shown.size).toBe(written);
      expect([...following.shown].filter(([number, times]) => times > 1 || !(number < written))).toEqual([]);
    } finally {
      await following.end();
    }
  };

  it.skipIf(!collapses)('shows each once across collapse', () => shows({ method: 'collapse', compress: 'gzip' }, 'stays', 'ZeoClient'));
  it('shows each once across pause', () => shows({ method: 'pause' }, 'stays', 'ZeoClient'));
  it('shows each once across signal', () => shows({ method: 'signal', compress: 'gzip' }, 'reopens', 'ZeoServer'));
  it('shows each once across rename', () => shows({ method: 'rename' }, 'watches', 'ZeoClient'));
});
