import { appendFile, mkdir, mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { RotationSpec } from '../../../shared/model/rotation.js';
import { systemClock } from '../../../shared/ports/clock.js';
import { canCollapse } from '../../support/can-collapse.js';
import { account, lineOf, startWriter, type NumberedWriter } from '../../support/numbered-lines.js';
import type { RotateOnce } from '../../support/rotate-once.js';
import { buildRotateProgram, type RotateProgram } from '../../support/rotate-program.js';
import { NEVER, specOf } from '../../support/rotations.js';

let program: RotateProgram;
beforeAll(async () => {
  program = await buildRotateProgram();
});
afterAll(() => program[Symbol.asyncDispose]());

let folder: string;
let log: string;
let archiveDir: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ctl-crash-'));
  log = join(folder, 'log', 'event.log');
  archiveDir = join(folder, 'archive');
  await mkdir(join(folder, 'log'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const order = (rotation: Partial<RotationSpec>, more: Partial<RotateOnce>): RotateOnce => ({
  ...{ stateDir: join(folder, 'state'), pid: null, type: 'ZeoClient', killAt: null },
  rotation: specOf([log], archiveDir, rotation),
  ...more,
});

async function grownTo(bytes: number): Promise<void> {
  while ((await stat(log).catch(() => ({ size: 0 }))).size < bytes) await systemClock.sleep(5, NEVER);
}

const filesBelow = async (path: string): Promise<string[]> => {
  const entries = await readdir(path, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => entry.name);
};

/** Nothing but archives, the log, and what the ledger of rotations leaves empty. */
async function expectNothingLeftOver(): Promise<void> {
  expect((await filesBelow(archiveDir)).filter((name) => !name.startsWith('zeoclient1.1-'))).toEqual([]);
  expect(await filesBelow(join(folder, 'log'))).toEqual(['event.log']);
  expect(await filesBelow(join(folder, 'state'))).toEqual([]);
}

/** Killed at each step from `first` on once, each time followed by a rotation that goes to its end. Answers the steps. */
async function killAtEachStep(what: RotateOnce, ready: () => Promise<void>, first = 1): Promise<string[]> {
  for (let killAt = first; ; killAt++) {
    await ready();
    const killed = await program.run({ ...what, killAt });
    if (killed.result !== null) {
      // One that was rotated at all, or there was nothing to be killed at.
      expect(killed.result.logs).toMatchObject([{ outcome: 'rotated' }]);
      return killed.steps;
    }
    const { result } = await program.run(what);
    expect(result?.logs.filter(({ outcome }) => outcome === 'failed')).toEqual([]);
    expect(result?.recovered.filter((line) => line.includes('could not'))).toEqual([]);
  }
}

const collapses = await canCollapse(tmpdir());

describe('a rotation that is killed at any step, and the next one', () => {
  const enough = 40_000;

  it.skipIf(!collapses).each([
    ['collapse', 'lines', 'none', 'the first'],
    ['collapse', 'entries', 'gzip', 'the first'],
    ['collapse', 'lines', 'zstd', 'compress'],
  ] as const)('%s of %s, compressed by %s, lose nothing and double nothing (from the step: %s)', (method, form, compress, from) =>
    underWriter({ method, form, compress, way: 'stays', type: 'ZeoClient', from }),
  );

  it.each([
    ['pause', 'lines', 'none', 'stays', 'ZeoClient'],
    ['pause', 'entries', 'gzip', 'stays', 'ZeoClient'],
    ['signal', 'lines', 'gzip', 'reopens', 'ZeoServer'],
    ['rename', 'entries', 'none', 'watches', 'ZeoClient'],
  ] as const)('%s of %s, compressed by %s, lose nothing and double nothing', (method, form, compress, way, type) =>
    underWriter({ method, form, compress, way, type, from: 'the first' }),
  );

  /** Those before are the same whatever it is compressed by, and each takes two programs. */
  async function stepsBefore(what: RotateOnce, step: string): Promise<number> {
    await grownTo(enough);
    const { steps } = await program.run(what);
    expect(steps).toContain(step);
    return steps.indexOf(step);
  }

  async function underWriter({ method, form, compress, way, type, from }: UnderWriter): Promise<void> {
    const writer: NumberedWriter = await startWriter(log, { rate: 20_000, way, form });
    try {
      const what = order({ method, compress }, { pid: writer.pid, type });
      const steps = await killAtEachStep(what, () => grownTo(enough), from === 'compress' ? await stepsBefore(what, from) : 1);
      expect(steps.length).toBeGreaterThan(5);
      const written = await writer.end();
      expect(await account(log, archiveDir, written, form)).toEqual({ written, lost: 0, doubled: 0, cut: 0 });
    } finally {
      await writer[Symbol.asyncDispose]();
    }
    await expectNothingLeftOver();
  }

  it('copy, while nobody writes, lose nothing and double nothing', async () => {
    let written = 0;
    const append = async () => {
      await appendFile(log, Array.from({ length: 500 }, (_, i) => `${lineOf(written + i)}\n`).join(''));
      written += 500;
    };
    await killAtEachStep(order({ method: 'copy', compress: 'gzip' }, {}), append);
    expect(await account(log, archiveDir, written)).toEqual({ written, lost: 0, doubled: 0, cut: 0 });
    await expectNothingLeftOver();
  });
});

interface UnderWriter {
  readonly method: RotationSpec['method'];
  readonly form: 'lines' | 'entries';
  readonly compress: RotationSpec['compress'];
  readonly way: 'stays' | 'watches' | 'reopens';
  readonly type: RotateOnce['type'];
  readonly from: 'the first' | 'compress';
}
