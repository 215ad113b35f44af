import { mkdir, mkdtemp, readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Rotation } from '../../../../agent/rotate/rotate.js';
import type { RotationResult, RotationSpec } from '../../../../shared/model/rotation.js';
import type { Exec } from '../../../../shared/ports/exec.js';
import { NEVER, rotationOf, serviceOf, specOf } from '../../../support/rotations.js';

export const CONTENT = Array.from({ length: 4000 }, (_, i) => `line ${i} of a log that is longer than a few blocks\n`).join('');

/** A log of a client that is down, which has still to be written, in a folder to be removed. */
export interface OneLog {
  readonly folder: string;
  readonly log: string;
  readonly archiveDir: string;
  readonly rotation: (run?: Exec) => Rotation;
  readonly rotate: (more?: Partial<RotationSpec>, run?: Exec) => Promise<RotationResult>;
  /** Their paths. */
  readonly archives: () => Promise<string[]>;
}

export async function oneLog(): Promise<OneLog> {
  const folder = await mkdtemp(join(tmpdir(), 'ctl-rotate-'));
  const [log, archiveDir] = [join(folder, 'log', 'event.log'), join(folder, 'archive')];
  await mkdir(join(folder, 'log'));
  const rotation = (run?: Exec) => rotationOf({ stateDir: join(folder, 'state'), pid: null, ...(run === undefined ? {} : { exec: run }) });
  return {
    ...{ folder, log, archiveDir, rotation },
    rotate: (more = {}, run) => rotation(run).rotate(serviceOf('ZeoClient'), specOf([log], archiveDir, more), NEVER),
    async archives() {
      const found = await readdir(archiveDir, { recursive: true, withFileTypes: true });
      return found.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
    },
  };
}
