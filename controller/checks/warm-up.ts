import type { ConnectConfig } from '../config/cluster.js';
import type { TcpTarget } from '../../shared/ports/tcp.js';
import { inParallel } from '../../shared/in-parallel.js';
import { checkHttp } from './http.js';
import type { Vantage } from './vantage.js';
import type { HttpOutcome } from '../../shared/model/probe.js';

export interface WarmUpOptions {
  /** Paths under the virtual host, `[feedcache] url`. */
  readonly urls: readonly string[];
  readonly concurrency: number;
  /** For each URL. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

export interface WarmedUrl {
  readonly url: string;
  readonly result: HttpOutcome;
}

/** Fetches every URL once from one client, so that its caches are filled. A URL that fails is told, not thrown; the others go on. */
export function warmUp(vantage: Vantage, target: TcpTarget, connect: ConnectConfig, options: WarmUpOptions): Promise<WarmedUrl[]> {
  const { urls, concurrency, timeoutMs, signal } = options;
  return inParallel(urls, concurrency, async (url) => ({
    url,
    result: await checkHttp(vantage, target, connect, { path: url, timeoutMs, signal }),
  }));
}
