import type { OfflineConfig } from '../config/offline.js';
import type { ControlApi } from '../../shared/model/control-api.js';
import type { Clock } from '../../shared/ports/clock.js';
import type { Invitation, Login } from './operator-identity.js';

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
  /** Gets the certificate of whoever types, with a token, and keeps it. Rejects with `denied`, `unreachable`, `usage`. */
  login(invitation: Invitation, signal: AbortSignal): Promise<Login>;
  /** The same controller and one agent in this process, on this file. */
  embedded(file: string, signal: AbortSignal): Promise<ControlConnection>;
  /** What reads a cluster.ini in full: dear, so only on demand. */
  offline(): Promise<OfflineConfig>;
}

export type ControlConnection = ControlApi & { close(): void | Promise<void> };

export interface Terminal {
  /** Standard output: results, and nothing else. */
  out(text: string): void;
  /** Resolves when standard output has taken what it got so far: a slow reader slows us down. Rejects when the signal aborts. */
  drained(signal: AbortSignal): Promise<void>;
  /** Standard error: what people read beside the result. */
  err(text: string): void;
  /** Somebody looks at standard output: the live view may repaint. */
  readonly live: boolean;
  /** Somebody can answer a question. */
  readonly canAsk: boolean;
  /** What the environment allows for each of the two; `--no-color` comes on top. */
  readonly color: { readonly out: boolean; readonly err: boolean };
  /** The terminal shows more than ASCII. */
  readonly unicode: boolean;
  size(): { readonly columns: number; readonly rows: number };
  /** Rejects with `cancelled` when the signal aborts. */
  ask(question: string, signal: AbortSignal): Promise<string>;
}

/** Ctrl-C, and that the terminal or the reader of our output has gone away (or that somebody ends us politely). */
export type Interrupt = 'interrupt' | 'hangup';

export interface Interrupts {
  /** The newest listener alone is told; the answer ends its listening. */
  listen(listener: (kind: Interrupt) => void): () => void;
}
