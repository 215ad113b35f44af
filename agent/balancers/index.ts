import { AppError } from '../../shared/errors.js';
import type { BalancerSpec, ServiceSpec } from '../../shared/model/service.js';
import type { Exec } from '../../shared/ports/exec.js';
import type { BalancerDriver } from './balancer.js';
import { createPoundControl } from './pound-control.js';

export type { BalancerDriver } from './balancer.js';

interface BalancerDeps {
  readonly exec: Exec;
}

/** The driver for a balancer section of cluster.ini. Throws `unsupported` where there is none for its kind or the way in which it is to be told. */
export function createBalancerDriver(spec: ServiceSpec, deps: BalancerDeps): BalancerDriver {
  const { balancer } = spec;
  if (balancer === undefined) throw new AppError('config', `${spec.name} is no balancer`, { hint: 'its type in cluster.ini is not Pound' });
  switch (driverOf(balancer)) {
    case 'pound-control':
      return createPoundControl(spec.name, balancer, deps.exec);
    case 'pound-file':
      throw new AppError('unsupported', `${spec.name}: Pound without a control socket is not supported yet`, {
        hint: 'add Control "/run/pound.sock" to pound.cfg, and control = /run/pound.sock to its section in cluster.ini',
      });
    case 'haproxy':
      throw new AppError('unsupported', `${spec.name}: HAProxy is not supported yet`);
  }
}

function driverOf(balancer: BalancerSpec): 'pound-control' | 'pound-file' | 'haproxy' {
  if (balancer.kind === 'haproxy') return 'haproxy';
  return balancer.apply === 'restart' || balancer.control === '' ? 'pound-file' : 'pound-control';
}
