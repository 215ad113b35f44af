import { linkSignals } from '../abort.js';
import { AppError, isErrno, messageOf } from '../errors.js';

export interface HttpRequest {
  readonly method?: 'GET' | 'PUT' | 'POST' | 'DELETE' | 'PURGE';
  /** With `socketPath` the host part of the URL only fills the Host header. */
  readonly url: string;
  /** Path and query, byte for byte (Latin-1), instead of those of the URL, which would be percent-encoded where a URL wants it. */
  readonly rawPath?: string;
  readonly socketPath?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** For the whole exchange, to the last byte of the body. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** Bytes of the body to keep (the rest is read and counted); default 0. */
  readonly keepBytes?: number;
}

export interface HttpResponse {
  readonly status: number;
  readonly bytes: number;
  readonly body: string;
  /** From the call to the last byte. */
  readonly ms: number;
}

/**
 * One request on a connection of its own, redirects not followed, the body read to its end.
 * Errors: `unreachable` (no connection), `timeout`, `cancelled`, `failed` (reset, garbage, a lying length).
 */
export async function http(options: HttpRequest): Promise<HttpResponse> {
  const { url, method = 'GET', keepBytes = 0 } = options;
  const target = options.socketPath ?? url.replace(/^(https?:\/\/[^/]*).*$/, '$1');
  using linked = linkSignals([options.signal], options.timeoutMs, `${method} ${target}`);
  // 5 MB in every agent, and most never ask for anything.
  const { Agent } = await import('./http-agent.js');
  const dispatcher = new Agent({
    connections: 1,
    pipelining: 0,
    connect: { timeout: options.timeoutMs + 1000, ...(options.socketPath === undefined ? {} : { socketPath: options.socketPath }) },
    headersTimeout: 0,
    bodyTimeout: 0,
  });
  const start = performance.now();
  try {
    // undici connects first and looks at the signal then.
    linked.signal.throwIfAborted();
    const { origin, pathname, search } = new URL(url);
    const response = await dispatcher.request({
      origin,
      path: options.rawPath ?? `${pathname}${search}`,
      method,
      signal: linked.signal,
      headers: { connection: 'close', 'user-agent': 'ctl', ...options.headers },
      ...(options.body === undefined ? {} : { body: options.body }),
    });
    const { bytes, body } = await readToEnd(response.body, keepBytes);
    return { status: response.statusCode, bytes, body, ms: performance.now() - start };
  } catch (error) {
    if (linked.signal.aborted && linked.signal.reason instanceof AppError) throw linked.signal.reason;
    if (linked.signal.aborted) throw new AppError('cancelled', `${method} ${target} was cancelled`, { cause: error });
    const code = isErrno(error, 'ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH', 'ENOENT', 'EACCES', 'EADDRNOTAVAIL')
      ? 'unreachable'
      : 'failed';
    throw new AppError(code, `${method} ${target}: ${messageOf(error)}`, { cause: error });
  } finally {
    void dispatcher.destroy().catch(() => undefined);
  }
}

async function readToEnd(stream: AsyncIterable<Buffer>, keepBytes: number): Promise<{ bytes: number; body: string }> {
  let bytes = 0;
  const kept: Buffer[] = [];
  for await (const chunk of stream) {
    if (bytes < keepBytes) kept.push(chunk.subarray(0, keepBytes - bytes));
    bytes += chunk.length;
  }
  return { bytes, body: Buffer.concat(kept).toString('utf8') };
}
