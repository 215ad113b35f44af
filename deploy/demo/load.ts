import { messageOf } from '../../shared/errors.js';
import { openConnection, type ConnectionOptions, type Exchange, type HttpConnection } from './http-connection.js';
import type { Answer } from './http-answer.js';
import { createLatencyRecorder, type Latency } from './latency.js';

export interface LoadOptions {
  /** What every request asks for. */
  readonly url: string;
  /** Keep-alive connections that ask again and again. */
  readonly busy: number;
  /** Keep-alive connections that ask at the start, then every `idleEveryMs`, and at the end. */
  readonly idle?: number;
  /** Visitors that open a connection for each request. */
  readonly single?: number;
  /** Pause of a busy connection or a single visitor between two requests; default 20. */
  readonly thinkMs?: number;
  /** null (the default): silent from the first request to the last. */
  readonly idleEveryMs?: number | null;
  /** No whole answer within this is a failure; default 30 s. */
  readonly timeoutMs?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Why an answer is not well; null: it is. Default: any status from 400 on is not. */
  readonly judge?: (answer: Answer) => string | null;
}

/**
 * What visitors saw. Failed is: no connection, a status that `judge` refuses, a reset, a cut-off or garbled answer, no whole answer in
 * time. Not failed, but counted apart: `reconnected`, the server had closed a connection between two requests; `retried`, it closed it
 * just as a request was on its way, and the same request was well on a new connection (what browsers do with a GET by themselves).
 */
export interface LoadStats {
  readonly requests: number;
  readonly failed: number;
  readonly retried: number;
  readonly reconnected: number;
  readonly seconds: number;
  readonly perSecond: number;
  /** null: no request has ended yet. */
  readonly latencyMs: Latency | null;
  /** The first hundred. */
  readonly failures: readonly LoadFailure[];
}

export interface LoadFailure {
  /** Epoch ms. */
  readonly at: number;
  readonly why: string;
}

export interface Load {
  /** Resolves when every connection has seen the end of its first request, well or not. */
  readonly established: Promise<void>;
  stats(): LoadStats;
  /** Lets the requests in hand end, asks once more over each idle connection, closes all. Can be called twice. */
  stop(): Promise<LoadStats>;
}

/** Puts load on a site until it is stopped. */
export function startLoad(options: LoadOptions): Load {
  const { busy, idle = 0, single = 0, thinkMs = 20, idleEveryMs = null, judge = judgeStatus } = options;
  const url = new URL(options.url);
  const connection = connectionOptions(url, options);
  const path = `${url.pathname}${url.search}`;
  const rest = createRest();
  const latency = createLatencyRecorder();
  const failures: LoadFailure[] = [];
  const startedAt = performance.now();
  let endedAt: number | null = null;
  let requests = 0;
  let failed = 0;
  let retried = 0;
  let reconnected = 0;

  const open = async (): Promise<HttpConnection | string> => openConnection(connection).catch((error: unknown) => messageOf(error));

  /** One request as a visitor sees it, on `current` if that is still open; hands back the connection (it may be closed) for the next one. */
  const visit = async (current: HttpConnection | null, keepAlive: boolean): Promise<HttpConnection | null> => {
    const from = performance.now();
    const finish = (why: string | null, next: HttpConnection | null) => {
      requests++;
      latency.add(performance.now() - from);
      if (why !== null) {
        failed++;
        if (failures.length < KEPT_FAILURES) failures.push({ at: Date.now(), why });
        next?.close();
      }
      return why === null ? next : null;
    };
    if (current !== null && current.unasked !== null) return finish(current.unasked, null);
    if (current !== null && !current.open) reconnected++;
    let used = current?.open === true ? current : await open();
    if (typeof used === 'string') return finish(`no connection: ${used}`, null);
    let exchange = await used.get(path, { close: !keepAlive });
    if (exchange.kind === 'unanswered' && used.answers > 0 && exchange.ms <= CROSSING_MS) {
      retried++;
      used = await open();
      if (typeof used === 'string') return finish(`no connection for the second try: ${used}`, null);
      exchange = await used.get(path, { close: !keepAlive });
    }
    return finish(faultOf(exchange, judge), used);
  };

  const loop = async (
    order: { pauseMs: number | null; keepAlive: boolean; delayMs: number; last: boolean },
    first: () => void,
  ): Promise<void> => {
    await rest.pause(order.delayMs);
    let current: HttpConnection | null = null;
    do {
      const before = failed;
      current = await visit(current, order.keepAlive);
      if (!order.keepAlive) current = null;
      first();
      await rest.pause(Math.max(order.pauseMs ?? Infinity, failed > before ? PAUSE_AFTER_FAILURE_MS : 0));
    } while (!rest.over());
    if (order.last) current = await visit(current, true);
    current?.close();
  };

  const loops: Promise<void>[] = [];
  const firsts: Promise<void>[] = [];
  const start = (count: number, order: { pauseMs: number | null; keepAlive: boolean; last: boolean }) => {
    for (let i = 0; i < count; i++) {
      firsts.push(
        new Promise((resolve) => {
          // Spread over one pause, as visitors are.
          loops.push(loop({ ...order, delayMs: (Math.min(order.pauseMs ?? thinkMs, 1000) * i) / count }, resolve).finally(resolve));
        }),
      );
    }
  };
  start(idle, { pauseMs: idleEveryMs, keepAlive: true, last: true });
  start(busy, { pauseMs: thinkMs, keepAlive: true, last: false });
  start(single, { pauseMs: thinkMs, keepAlive: false, last: false });

  const stats = (): LoadStats => {
    const seconds = ((endedAt ?? performance.now()) - startedAt) / 1000;
    return {
      requests,
      failed,
      retried,
      reconnected,
      seconds,
      perSecond: requests / seconds,
      latencyMs: latency.read(),
      failures: [...failures],
    };
  };
  return {
    established: Promise.all(firsts).then(() => undefined),
    stats,
    async stop() {
      rest.end();
      await Promise.all(loops);
      endedAt ??= performance.now();
      return stats();
    },
  };
}

/** A request that the server has had for longer than this did not cross with the end of an idle connection: it was taken and dropped. */
const CROSSING_MS = 250;
const PAUSE_AFTER_FAILURE_MS = 50;
const KEPT_FAILURES = 100;

const judgeStatus = (answer: Answer): string | null => (answer.status >= 400 ? `status ${answer.status}` : null);

function faultOf(exchange: Exchange, judge: (answer: Answer) => string | null): string | null {
  switch (exchange.kind) {
    case 'answer':
      return judge(exchange.answer);
    case 'unanswered':
      return `no answer: ${exchange.why} after ${Math.round(exchange.ms)} ms`;
    case 'failed':
      return exchange.why;
  }
}

function connectionOptions(url: URL, options: LoadOptions): ConnectionOptions {
  return {
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: Number(url.port === '' ? 80 : url.port),
    authority: url.host,
    headerLines: Object.entries({ 'User-Agent': 'ctl-load', Accept: '*/*', ...options.headers }).map(
      ([name, value]) => `${name}: ${value}`,
    ),
    timeoutMs: options.timeoutMs ?? 30_000,
  };
}

/** The pauses of all visitors: they end early, and there are no more of them, once it is over. */
function createRest() {
  const sleepers = new Set<() => void>();
  let over = false;
  return {
    over: () => over,
    pause(ms: number): Promise<void> {
      if (over) return Promise.resolve();
      return new Promise((resolve) => {
        const wake = () => {
          clearTimeout(timer);
          sleepers.delete(wake);
          resolve();
        };
        const timer = Number.isFinite(ms) ? setTimeout(wake, ms) : undefined;
        sleepers.add(wake);
      });
    },
    end() {
      over = true;
      for (const wake of [...sleepers]) wake();
    },
  };
}
