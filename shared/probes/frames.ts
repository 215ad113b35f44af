import { AppError } from '../errors.js';

/** Frames of ZEO's wire: a length of four bytes, big-endian, and the payload. */
export interface FrameReader {
  /** The next payload; null when the peer closed between two frames. `failed`: closed inside one, or larger than `maxBytes`. */
  next(maxBytes: number): Promise<Buffer | null>;
}

/** Reads frames from chunks that are cut anywhere. */
export function createFrameReader(source: AsyncIterable<Buffer>): FrameReader {
  const chunks = source[Symbol.asyncIterator]();
  let held: Buffer = Buffer.alloc(0);

  async function fill(bytes: number): Promise<boolean> {
    while (held.length < bytes) {
      const chunk = await chunks.next();
      if (chunk.done === true) return false;
      held = Buffer.concat([held, chunk.value]);
    }
    return true;
  }
  return {
    async next(maxBytes) {
      if (!(await fill(LENGTH_BYTES))) {
        if (held.length === 0) return null;
        throw new AppError('failed', `closed after ${held.length} of the 4 bytes of a length`);
      }
      const length = held.readUInt32BE(0);
      if (length > maxBytes) throw new AppError('failed', `announced a frame of ${length} bytes, at most ${maxBytes} were expected`);
      if (!(await fill(LENGTH_BYTES + length))) {
        throw new AppError('failed', `closed after ${held.length - LENGTH_BYTES} of the ${length} bytes of a frame`);
      }
      const payload = held.subarray(LENGTH_BYTES, LENGTH_BYTES + length);
      held = held.subarray(LENGTH_BYTES + length);
      return payload;
    },
  };
}

export function frame(payload: string): Buffer {
  const body = Buffer.from(payload, 'utf8');
  const length = Buffer.alloc(LENGTH_BYTES);
  length.writeUInt32BE(body.length);
  return Buffer.concat([length, body]);
}

const LENGTH_BYTES = 4;
