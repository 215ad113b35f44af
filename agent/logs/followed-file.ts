import type { LogFile } from './log-file.js';

/** An open log that is read as it grows. */
export interface FollowedFile {
  readonly log: LogFile;
  /** The next byte that will be read. */
  readonly position: number;
  /** The bytes before it, at most `MARK_BYTES`: by these its place is known again, whatever becomes of the file. */
  readonly mark: Buffer;
  /** There is nothing in the mark by which it could be known again. */
  readonly unmarked: boolean;
  /** The first bytes of the file, as they were read; empty if reading did not begin there. */
  readonly head: Buffer;
  /**
   * What has been written since, in portions. Returns `changed` if what was read before is not there any more: the file was cut, or bytes
   * were taken from its beginning.
   */
  advance(): AsyncGenerator<Buffer, 'read' | 'changed'>;
  /** Goes on from there; `mark`: what has to stand before it, as far as that is sure. */
  moveTo(position: number, mark: Buffer): void;
  close(): Promise<void>;
}

export const MARK_BYTES = 512;
const HEAD_BYTES = 512;
const CHUNK_BYTES = 256 * 1024;
const NOTHING: Buffer = Buffer.alloc(0);

/** From `position` on; `before`: what is known to have stood before it when it was read last. */
export async function followFile(log: LogFile, position: number, before?: Buffer): Promise<FollowedFile> {
  const { handle } = log;
  let at = position;
  let mark: Buffer = before ?? (await readAt(log, Math.max(0, position - MARK_BYTES), position));
  let head: Buffer = await readAt(log, 0, HEAD_BYTES);
  const buffer = Buffer.allocUnsafe(MARK_BYTES + CHUNK_BYTES);

  return {
    log,
    get position() {
      return at;
    },
    get mark() {
      return mark;
    },
    get unmarked() {
      return mark.every((byte) => byte === 0);
    },
    get head() {
      return head;
    },
    async *advance() {
      // Nothing tells its place, and there is less than that: it begins anew.
      if (mark.length === 0 && (await handle.stat()).size < at) at = 0;
      for (;;) {
        const { bytesRead } = await handle.read(buffer, 0, mark.length + CHUNK_BYTES, at - mark.length);
        if (bytesRead < mark.length || !buffer.subarray(0, mark.length).equals(mark)) return 'changed';
        if (bytesRead === mark.length) return 'read';
        // Had it been cut while it was read, these bytes would be from two files.
        if (!(await readAt(log, at - mark.length, at)).equals(mark)) return 'changed';
        const fresh = buffer.subarray(mark.length, bytesRead);
        if (at < HEAD_BYTES && head.length >= at) head = Buffer.concat([head.subarray(0, at), fresh.subarray(0, HEAD_BYTES - at)]);
        at += fresh.length;
        mark = Buffer.from(buffer.subarray(Math.max(0, bytesRead - MARK_BYTES), bytesRead));
        yield fresh;
      }
    },
    moveTo(to, before) {
      at = to;
      mark = before;
      head = NOTHING;
    },
    close: () => handle.close(),
  };
}

/** As much of it as there is. */
export async function readAt({ handle }: Pick<LogFile, 'handle'>, from: number, to: number): Promise<Buffer> {
  const bytes = Buffer.alloc(Math.max(0, to - from));
  let filled = 0;
  while (filled < bytes.length) {
    const { bytesRead } = await handle.read(bytes, filled, bytes.length - filled, from + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return bytes.subarray(0, filled);
}
