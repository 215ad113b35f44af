/** One answer as it was read off the connection. */
export interface Answer {
  readonly status: number;
  /** Names in lower case; of a repeated header the last one. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Buffer;
  /** The server keeps the connection open for another request. */
  readonly keepAlive: boolean;
}

/** Reads exactly one HTTP/1.x answer (to a GET) out of the bytes of a connection. */
export interface AnswerReader {
  /** Takes the next bytes; the answer as soon as it is whole. Throws on what is not HTTP. */
  take(chunk: Buffer): Answer | null;
  /** The server ended the connection: the answer if its body lasts until the end of the connection, else null: it is cut off. */
  end(): Answer | null;
  /** Bytes taken so far. */
  readonly bytes: number;
  /** Bytes that came after the whole answer: nobody asked for them. */
  readonly surplus: number;
}

export function createAnswerReader(): AnswerReader {
  let buffered = Buffer.alloc(0);
  let bytes = 0;
  let head: Head | null = null;

  const answerOf = (from: Head, body: Buffer, keepAlive = from.keepAlive): Answer => ({
    status: from.status,
    headers: from.headers,
    body,
    keepAlive,
  });
  const next = (): Answer | null => {
    while (head === null) {
      const end = buffered.indexOf('\r\n\r\n');
      if (end < 0) {
        if (buffered.length > MAX_HEAD_BYTES) throw new Error(`a head of more than ${MAX_HEAD_BYTES} bytes`);
        if (!couldBeHttp(buffered)) throw new Error(`not HTTP: ${excerpt(buffered)}`);
        return null;
      }
      const parsed = parseHead(buffered.toString('latin1', 0, end));
      buffered = buffered.subarray(end + 4);
      // An interim answer (100 Continue) goes before the real one.
      if (parsed.status >= 200) head = parsed;
    }
    if (head.length === 'chunked') {
      const chunked = readChunked(buffered);
      if (chunked === null) return null;
      buffered = buffered.subarray(chunked.consumed);
      return answerOf(head, chunked.body);
    }
    if (head.length === 'until-end' || buffered.length < head.length) return null;
    const body = buffered.subarray(0, head.length);
    buffered = buffered.subarray(head.length);
    return answerOf(head, body);
  };

  return {
    take(chunk) {
      bytes += chunk.length;
      buffered = buffered.length === 0 ? Buffer.from(chunk) : Buffer.concat([buffered, chunk]);
      return next();
    },
    end: () => (head?.length === 'until-end' ? answerOf(head, buffered, false) : null),
    get bytes() {
      return bytes;
    },
    get surplus() {
      return buffered.length;
    },
  };
}

interface Head {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly keepAlive: boolean;
  readonly length: number | 'chunked' | 'until-end';
}

const MAX_HEAD_BYTES = 64 * 1024;

function parseHead(text: string): Head {
  const [first = '', ...lines] = text.split('\r\n');
  const match = /^HTTP\/1\.([01]) (\d{3})(?: |$)/.exec(first);
  if (match === null) throw new Error(`not HTTP: ${excerpt(Buffer.from(first, 'latin1'))}`);
  const headers = new Map<string, string>();
  for (const line of lines) {
    const colon = line.indexOf(':');
    if (colon < 1) throw new Error(`not a header: ${excerpt(Buffer.from(line, 'latin1'))}`);
    headers.set(line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim());
  }
  const status = Number(match[2]);
  const length = lengthOf(status, headers);
  const connection = headers.get('connection')?.toLowerCase() ?? '';
  const wanted = match[1] === '1' ? !connection.includes('close') : connection.includes('keep-alive');
  return { status, headers, length, keepAlive: wanted && length !== 'until-end' };
}

function lengthOf(status: number, headers: ReadonlyMap<string, string>): Head['length'] {
  if (status === 204 || status === 304) return 0;
  if (headers.get('transfer-encoding')?.toLowerCase().includes('chunked') === true) return 'chunked';
  const length = headers.get('content-length');
  if (length === undefined) return 'until-end';
  if (!/^\d{1,15}$/.test(length)) throw new Error(`not a Content-Length: ${length}`);
  return Number(length);
}

/** A whole chunked body at the beginning of `buffer`, or null if some of it is still to come. */
function readChunked(buffer: Buffer): { body: Buffer; consumed: number } | null {
  const parts: Buffer[] = [];
  for (let at = 0; ;) {
    const lineEnd = buffer.indexOf('\r\n', at);
    if (lineEnd < 0) return null;
    const size = /^([0-9a-f]{1,8})(?:;.*)?$/i.exec(buffer.toString('latin1', at, lineEnd))?.[1];
    if (size === undefined) throw new Error('not a chunk size');
    const length = parseInt(size, 16);
    const start = lineEnd + 2;
    if (length === 0) {
      // Trailers, if any, and the empty line after them.
      const end = buffer.toString('latin1', start, start + 2) === '\r\n' ? start + 2 : buffer.indexOf('\r\n\r\n', start) + 4;
      return end < start + 2 || end > buffer.length ? null : { body: Buffer.concat(parts), consumed: end };
    }
    if (buffer.length < start + length + 2) return null;
    parts.push(buffer.subarray(start, start + length));
    at = start + length + 2;
  }
}

const couldBeHttp = (buffer: Buffer) => 'HTTP/1.'.startsWith(buffer.toString('latin1', 0, 7));
const excerpt = (buffer: Buffer) => JSON.stringify(buffer.toString('latin1', 0, 40));
