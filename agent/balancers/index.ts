import { AppError } from '../../shared/errors.js';
import { BALANCER_TYPES, type BalancerSpec, type ServiceSpec } from '../../shared/model/service.js';
import type { Exec } from '../../shared/ports/exec.js';
import type { BalancerDriver } from './balancer.js';
import { createHaproxy } from './haproxy.js';
import { createPoundControl } from './pound-control.js';
import { createPoundFile, type PoundFileDeps } from './pound-file.js';
import { createPoundPoundctl } from './pound-poundctl.js';
import { createPoundVersions, speaksHttp } from './pound-version.js';

export type { BalancerDriver } from './balancer.js';
export { untilRestarted } from './pound-file.js';
export { recoverPounds } from './pound-restarts.js';

/** What the drivers stand on; `exec` is for all of them, the rest for those that restart their balancer. */
export type BalancerDeps = PoundFileDeps & { readonly exec: Exec };

/** The driver for a balancer section of cluster.ini. Throws `config` for what is no balancer. */
export function createBalancerDriver(spec: ServiceSpec, deps: BalancerDeps): BalancerDriver {
  const { name, balancer } = spec;
  if (balancer !== undefined) return DRIVERS[balancer.kind](spec, balancer, deps);
  throw new AppError('config', `${name} is no balancer`, { hint: `its type in cluster.ini is not ${BALANCER_TYPES.join(' or ')}` });
}

type CreateDriver = (spec: ServiceSpec, balancer: BalancerSpec, deps: BalancerDeps) => BalancerDriver;

/** One line for each kind of balancer. */
const DRIVERS: Readonly<Record<BalancerSpec['kind'], CreateDriver>> = {
  pound: createPound,
  haproxy: ({ name }, balancer, { exec }) => createHaproxy(name, balancer, exec),
};

/** A Pound is told by its control socket, if there is one and it may be used. */
function createPound(spec: ServiceSpec, balancer: BalancerSpec, deps: BalancerDeps): BalancerDriver {
  if (balancer.apply === 'restart' || balancer.control === '') return createPoundFile(spec, balancer, deps);
  return poundWithSocket(spec.name, balancer, deps);
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
