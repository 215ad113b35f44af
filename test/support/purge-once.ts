import type { ServiceSpec } from '../../shared/model/service.js';
import type { Argv } from '../../shared/ports/exec.js';
import { cachesOf, WHOLE } from './caches.js';

/** What `purge-once` is told, as JSON. */
export interface PurgeOnce {
  readonly stateDir: string;
  readonly spec: ServiceSpec;
  readonly start: Argv;
  readonly id: string;
  /** It kills itself before this step, counted from 1. */
  readonly killAt: number;
}

/** A program that purges once, and dies before one of its steps. */
const order = JSON.parse(process.argv[2] ?? '') as PurgeOnce;
let steps = 0;
const onStep = (): void => {
  steps++;
  if (steps === order.killAt) process.kill(process.pid, 'SIGKILL');
};
const { caches } = cachesOf({ ...order, onStep });
await caches.purge(order.spec, WHOLE, order.id, new AbortController().signal);
