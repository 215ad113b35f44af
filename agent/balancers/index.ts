import { AppError } from '../../shared/errors.js';
import type { BalancerSpec, ServiceSpec } from '../../shared/model/service.js';
import type { Exec } from '../../shared/ports/exec.js';
import type { BalancerDriver } from './balancer.js';
import { createHaproxy } from './haproxy.js';
import { createPoundControl } from './pound-control.js';
import { createPoundFile, type PoundFileDeps } from './pound-file.js';
import { createPoundPoundctl } from './pound-poundctl.js';
import { createPoundVersions, speaksHttp } from './pound-version.js';

export type { BalancerDriver } from './balancer.js';

/** What the drivers stand on; `exec` is for all of them, the rest for those that restart their balancer. */
export type BalancerDeps = PoundFileDeps & { readonly exec: Exec };

/** The driver for a balancer section of cluster.ini. Throws `config` for what is no balancer. */
export function createBalancerDriver(spec: ServiceSpec, deps: BalancerDeps): BalancerDriver {
  const { name, balancer } = spec;
  if (balancer === undefined) throw new AppError('config', `${name} is no balancer`, { hint: 'its type in cluster.ini is not Pound' });
  if (balancer.kind === 'haproxy') return createHaproxy(name, balancer, deps.exec);
  if (balancer.apply === 'restart' || balancer.control === '') return createPoundFile(spec, balancer, deps);
  return poundWithSocket(name, balancer, deps);
}

/** The protocol of the control socket goes by the version of Pound; one that does not tell it counts as new. */
function poundWithSocket(name: string, balancer: BalancerSpec, deps: BalancerDeps): BalancerDriver {
  const driver = async (options: Parameters<BalancerDriver['state']>[0]): Promise<BalancerDriver> => {
    const version = await versions(balancer.exe, deps, options);
    return version === null || speaksHttp(version)
      ? createPoundControl(name, balancer, deps.exec)
      : createPoundPoundctl(name, balancer, deps.exec, version);
  };
  return {
    state: async (options) => (await driver(options)).state(options),
    set: async (order, options) => (await driver(options)).set(order, options),
  };
}

const versions = createPoundVersions();
