import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { exec } from '../../../shared/ports/exec.js';
import { buildRotateProgram, type RotateProgram } from '../../support/rotate-program.js';
import { NEVER, specOf } from '../../support/rotations.js';

let program: RotateProgram;
beforeAll(async () => {
  program = await buildRotateProgram();
});
afterAll(() => program[Symbol.asyncDispose]());

let folder: string;
let log: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ctl-full-'));
  log = join(folder, 'event.log');
  await mkdir(join(folder, 'archive'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** A small disk at the folder of the archives, which only the program sees, and which ends with it. */
const onSmallDisk = (size: string): string[] => {
  const script = 'mount -t tmpfs -o "size=$1" tmpfs "$2" && shift 2 && exec "$@"';
  return ['unshare', '--mount', 'sh', '-c', script, 'sh', size, join(folder, 'archive')];
};

const canMount = await exec(['unshare', '--mount', 'true'], { timeoutMs: 10_000, signal: NEVER }).then(
  ({ code }) => code === 0,
  () => false,
);
const CONTENT = Array.from({ length: 100_000 }, (_, i) => `line ${i} of a log that is longer than its disk has room for\n`).join('');

describe.skipIf(!canMount)('a disk that is full in the middle of a rotation', () => {
  it.each(['collapse', 'copy', 'pause'] as const)('leaves the log as it was (%s)', async (method) => {
    await writeFile(log, CONTENT);
    const archiveDir = join(folder, 'archive');
    const rotation = specOf([log], archiveDir, { method });
    const order = { stateDir: join(folder, 'state'), pid: null, type: 'ZeoClient', rotation, killAt: null } as const;
    const { result } = await program.run({ ...order, fill: join(archiveDir, 'filler') }, onSmallDisk('40m'));
    expect(result?.logs).toMatchObject([{ outcome: 'failed', archive: null, bytes: 0 }]);
    expect(result?.logs[0]?.why).toMatch(new RegExp(`^${method}: .*ENOSPC.* \\(the disk of archivedir is full\\)$`));
    expect(await readFile(log, 'utf8')).toBe(CONTENT);
    expect(await readdir(join(folder, 'state', 'rotations'))).toEqual([]);
  });
});
