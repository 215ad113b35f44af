import type { BalancerDriver } from '../../../agent/balancers/index.js';
import type { BalancerSpec } from '../../../shared/model/service.js';
import type { TestBackend } from './backends.js';

/** A site in a temporary folder: two HTTP backends, a balancer in front of them that holds the first one twice, and a driver for it. */
export interface Site {
  readonly folder: string;
  readonly conf: string;
  readonly control: string;
  readonly url: string;
  /** `ip:port` of each backend. */
  readonly addresses: readonly [string, string];
  readonly backends: readonly [TestBackend, TestBackend];
  /** All places in the order of the file. */
  readonly places: readonly { readonly address: string; readonly place: string }[];
  readonly driver: BalancerDriver;
  /** What it calls itself. */
  readonly driverName: string;
  driverWith(changes: Partial<BalancerSpec>): BalancerDriver;
  text(): Promise<string>;
  write(text: string): Promise<void>;
  /** The text after somebody switched the second backend off in his own way, and after it is on again. */
  readonly byHand: { off(text: string): string; on(text: string): string };
  /** A text that the balancer does not take, and what the driver says then. */
  broken(text: string): { readonly text: string; readonly says: RegExp };
  /** How often the balancer was started. */
  starts(): number;
  /** Not by the driver. */
  restart(): Promise<void>;
  stop(): Promise<void>;
  end(): Promise<void>;
}

export const options = (timeoutMs = 20_000) => ({ signal: new AbortController().signal, timeoutMs });
