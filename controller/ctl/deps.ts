import type { ControlApi } from '../../shared/model/control-api.js';
import type { Clock } from '../../shared/ports/clock.js';

/** Everything that `ctl` touches outside itself. */
export interface CtlDeps {
  readonly terminal: Terminal;
  readonly clock: Clock;
  readonly interrupts: Interrupts;
  /** `user@host` of who types. */
  readonly by: string;
  /** `[controller] address` of a cluster.ini, ready to dial; null: embedded mode. Reads nothing else of the file. */
  controllerAddress(file: string): Promise<string | null>;
  /** Resolves when the controller answers, rejects with `unreachable`. */
  connect(address: string, signal: AbortSignal): Promise<ControlConnection>;
  /** The same controller and one agent in this process, on this file. */
  embedded(file: string, signal: AbortSignal): Promise<ControlConnection>;
  /** Loads what reads a cluster.ini in full: dear, so only on demand. */
  offlineConfig(): Promise<OfflineConfig>;
}

export type ControlConnection = ControlApi & { close(): void | Promise<void> };

export interface Terminal {
  /** Standard output: results, and nothing else. */
  out(text: string): void;
  /** Standard error: what people read beside the result. */
  err(text: string): void;
  /** Somebody looks at standard output: the live view may repaint. */
  readonly live: boolean;
  /** Somebody can answer a question. */
  readonly canAsk: boolean;
  /** What the environment allows; `--no-color` comes on top. */
  readonly color: boolean;
  /** The terminal shows more than ASCII. */
  readonly unicode: boolean;
  size(): { readonly columns: number; readonly rows: number };
  /** Rejects with `cancelled` when the signal aborts. */
  ask(question: string, signal: AbortSignal): Promise<string>;
}

/** Ctrl-C, and that the terminal or the reader of our output has gone away (or that somebody ends us politely). */
export type Interrupt = 'interrupt' | 'hangup';

export interface Interrupts {
  /** The newest listener alone is told. */
  listen(listener: (kind: Interrupt) => void): Disposable;
}

export interface OfflineConfig {
  /** All problems of the file; empty: it is well. A file that can't be read is a `config` error. */
  check(file: string): Promise<readonly ConfigProblem[]>;
  /** As Python's configparser gives it: inherited and interpolated, `[DEFAULT]` under `DEFAULT`; a `config` error where Python raises. */
  raw(file: string): Promise<RawConfig>;
}

export type RawConfig = Readonly<Record<string, Readonly<Record<string, string>>>>;

export interface ConfigProblem {
  readonly severity: 'error' | 'warning';
  readonly file: string;
  readonly line: number | null;
  readonly section: string | null;
  readonly key: string | null;
  readonly message: string;
  readonly hint: string | null;
}
