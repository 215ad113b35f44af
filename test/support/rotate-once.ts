import { closeSync, openSync, writeSync } from 'node:fs';
import { isErrno } from '../../shared/errors.js';
import { exec, type Exec } from '../../shared/ports/exec.js';
import type { RotationSpec } from '../../shared/model/rotation.js';
import type { ServiceType } from '../../shared/model/service.js';
import { NEVER, rotationOf, serviceOf } from './rotations.js';

/** What `rotate-once` is told, as JSON. */
export interface RotateOnce {
  readonly stateDir: string;
  readonly pid: number | null;
  readonly type: ServiceType;
  readonly rotation: RotationSpec;
  /** It kills itself before this step, counted from 1; null: it goes to its end. */
  readonly killAt: number | null;
  /** A file that it lets grow, before the first copy, until its disk is full. */
  readonly fill?: string | undefined;
}

/** A program that rotates once, and says its steps a line each, then its result as JSON. */
const order = JSON.parse(process.argv[2] ?? '') as RotateOnce;
let steps = 0;
const onStep = (step: string): void => {
  steps++;
  if (steps === order.killAt) process.kill(process.pid, 'SIGKILL');
  else process.stdout.write(`${step}\n`);
  if (step === 'copy' && order.fill !== undefined) fillUp(order.fill);
};
function fillUp(path: string): void {
  const file = openSync(path, 'w');
  try {
    for (;;) writeSync(file, Buffer.alloc(64 * 1024));
  } catch (error) {
    if (!isErrno(error, 'ENOSPC')) throw error;
  } finally {
    closeSync(file);
  }
}

const stepping: Exec = async (argv, options) => {
  if (!argv.includes('--collapse-range')) return exec(argv, options);
  onStep('collapse range');
  const result = await exec(argv, options);
  onStep('range collapsed');
  return result;
};
const rotation = rotationOf({ ...order, exec: stepping, onStep });
const result = await rotation.rotate(serviceOf(order.type), order.rotation, NEVER);
process.stdout.write(`${JSON.stringify(result)}\n`);
