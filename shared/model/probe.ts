import type { HttpResult, TcpResult } from './check-report.js';

/**
 * Why a probe did not go well. The report keeps only the words; the judge needs the kind:
 * `no-connection` refused or reset; `silent` nothing came back in time, neither a yes nor a no; `error` it answered, and wrongly; `late` it did not answer in time;
 * `unmeasurable` nothing is known of the service (no route from here, no descriptor left, an address that is none).
 */
export const FAULTS = ['no-connection', 'silent', 'error', 'late', 'unmeasurable'] as const;
export type Fault = (typeof FAULTS)[number];

export type TcpOutcome =
  | Extract<TcpResult, { ok: true }>
  | { readonly ok: false; readonly why: string; readonly fault: 'no-connection' | 'silent' | 'unmeasurable' };

export type HttpOutcome =
  | Extract<HttpResult, { ok: true }>
  | { readonly ok: false; readonly why: string; readonly status?: number | undefined; readonly fault: Fault };

/** What a ZEO server said of one storage; null: this ZEO does not tell. */
export interface ZeoStorage {
  readonly name: string;
  readonly connections: number | null;
  readonly waiting: number | null;
}

export type ZeoOutcome =
  | {
      readonly ok: true;
      readonly connectMs: number;
      /** From the call to the answer. */
      readonly ms: number;
      /** Its protocol, as it greets: `Z5`, `M5`, `Z3101`, … */
      readonly greeting: string;
      /** Empty where ZEO is older than 4.1: it was only greeted. */
      readonly storages: readonly ZeoStorage[];
      /** A commit lock held for long, transactions waiting for it, a dead timeout thread. */
      readonly warnings: readonly string[];
    }
  | { readonly ok: false; readonly fault: 'error' | 'late'; readonly why: string; readonly connectMs: number }
  | { readonly ok: false; readonly fault: 'no-connection' | 'silent' | 'unmeasurable'; readonly why: string; readonly connectMs: null };

/** One look at an address, made by whoever stands at the right place for it. */
export type ProbeOrder = {
  readonly ip: string;
  readonly port: number;
  /** For the whole answer. */
  readonly timeoutMs: number;
} & (
  | { readonly kind: 'tcp' }
  /** `path` as it is sent, escaped; `authorization` the header of that name, '' for none. */
  | { readonly kind: 'http'; readonly path: string; readonly authorization: string }
  | { readonly kind: 'zeo'; readonly connectTimeoutMs: number }
);

export type ProbeOutcome =
  | { readonly kind: 'tcp'; readonly outcome: TcpOutcome }
  | { readonly kind: 'http'; readonly outcome: HttpOutcome }
  | { readonly kind: 'zeo'; readonly outcome: ZeoOutcome };
