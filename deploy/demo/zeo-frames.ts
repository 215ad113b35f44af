/** ZEO's framing: four bytes of big-endian length, then the payload. */
export function encodeFrame(payload: string): Buffer {
  const body = Buffer.from(payload, 'latin1');
  const head = Buffer.alloc(4);
  head.writeUInt32BE(body.length);
  return Buffer.concat([head, body]);
}

/** Cuts a stream of bytes into payloads. */
export function createFrameReader(onFrame: (payload: string) => void): (chunk: Buffer) => void {
  let buffered = Buffer.alloc(0);
  return (chunk) => {
    buffered = Buffer.concat([buffered, chunk]);
    while (buffered.length >= 4) {
      const length = buffered.readUInt32BE();
      if (buffered.length < 4 + length) return;
      const payload = buffered.toString('latin1', 4, 4 + length);
      buffered = buffered.subarray(4 + length);
      onFrame(payload);
    }
  };
}
