import { constants } from 'node:fs';
import { link, rm, stat, type FileHandle } from 'node:fs/promises';
import { isErrno, toAppError } from '../../shared/errors.js';
import { openToRead } from '../opened-path.js';
import { createDraft } from './draft.js';
import type { RotationRecord } from './journal.js';

/**
 * Makes a renamed log, to which nobody writes any more, the archive: by another name where that is the same file system, else by a copy
 * that is read back. Can be done again after a crash at any point. Answers its size.
 */
export async function takeAside(
  record: RotationRecord,
  aside: string,
  deps: { readonly signal: AbortSignal; readonly onStep: (step: string) => void },
): Promise<number> {
  // What an earlier attempt left there, a copy in part or another name of the same file.
  await rm(record.part, { force: true });
  deps.onStep('take');
  try {
    await link(aside, record.part);
  } catch (error) {
    if (!isErrno(error, 'EXDEV', 'EPERM', 'EMLINK')) throw toAppError(error, 'failed', `${aside} could not be archived as ${record.part}`);
    await copyAside(record, aside, deps.signal);
  }
  deps.onStep('taken');
  await rm(aside, { force: true });
  return (await stat(record.part)).size;
}

async function copyAside(record: RotationRecord, aside: string, signal: AbortSignal): Promise<void> {
  const source = await openToRead(aside, constants.O_NOFOLLOW);
  try {
    const draft = await createDraft(record.part, await source.stat());
    try {
      for (let size = await sizeOf(source); draft.bytes() < size; size = await sizeOf(source)) await draft.copyTo(source, size, signal);
      await draft.sync();
      await draft.verify(signal);
    } finally {
      await draft.close();
    }
  } finally {
    await source.close();
  }
}

const sizeOf = async (file: FileHandle): Promise<number> => (await file.stat()).size;
