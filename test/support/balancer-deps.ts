import type { BalancerDeps } from '../../agent/balancers/index.js';
import { AppError } from '../../shared/errors.js';
import { systemClock } from '../../shared/ports/clock.js';
import { exec } from '../../shared/ports/exec.js';

const refuse = () => Promise.reject(new AppError('unsupported', 'nothing is started or stopped here'));

/** For drivers that tell their balancer without a restart. */
export const noRestarts: BalancerDeps = {
  exec,
  clock: systemClock,
  stateDir: '',
  mayRestart: () => undefined,
  manager: { state: refuse, start: refuse, stop: refuse },
};
