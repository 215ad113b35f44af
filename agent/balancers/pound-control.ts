import type { BalancerSpec } from '../../shared/model/service.js';
import type { Exec } from '../../shared/ports/exec.js';
import type { BalancerDriver } from './balancer.js';
import { createRuntimePound } from './pound-runtime.js';
import { createPoundSocket } from './pound-socket.js';

/** Pound ≥ 4.2 by its control socket: no restart, ever. */
export const createPoundControl = (name: string, spec: BalancerSpec, exec: Exec): BalancerDriver =>
  createRuntimePound({ name, driver: 'pound-control', spec, runtime: createPoundSocket(spec.control), exec });
