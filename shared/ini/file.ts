import type { Stats } from 'node:fs';
import { open, realpath, stat } from 'node:fs/promises';
import { isErrno, messageOf } from '../errors.js';
import { MAX_INI_BYTES } from './source.js';

/** The bytes of a file as far as an ini file may be long and one more, or why they can't be read. */
export type IniFile =
  | { readonly ok: true; readonly realPath: string; readonly bytes: Buffer; readonly mode: number }
  | { readonly ok: false; readonly why: string };

/** Never rejects. One byte more than allowed is enough to tell that it is too much. */
export async function readIniFile(path: string): Promise<IniFile> {
  try {
    const realPath = await realpath(path);
    const { mode } = await assertFile(realPath);
    const handle = await open(realPath, 'r');
    try {
      const buffer = Buffer.alloc(MAX_INI_BYTES + 1);
      let length = 0;
      for (let read = -1; read !== 0 && length < buffer.length; length += read) {
        read = (await handle.read(buffer, length, buffer.length - length, length)).bytesRead;
      }
      return { ok: true, realPath, bytes: buffer.subarray(0, length), mode };
    } finally {
      await handle.close();
    }
  } catch (error) {
    return { ok: false, why: isErrno(error, 'ENOENT') ? 'no such file' : `can't be read: ${messageOf(error)}` };
  }
}

/** Before it is opened: to open a pipe waits until somebody writes. */
async function assertFile(path: string): Promise<Stats> {
  const found = await stat(path);
  if (!found.isFile()) throw new Error('not a file');
  return found;
}
