import { realpath } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { AppError, isErrno, messageOf } from '../shared/errors.js';
import type { ServiceSpec } from '../shared/model/service.js';
import type { AllowList } from './config/allow-list.js';

/**
 * The service with the paths behind its links, each allowed both as it is written and as what it really is: a link inside an allowed
 * folder must not lead out of it. Errors: `denied`.
 */
export async function resolveSpec(spec: ServiceSpec, allow: AllowList): Promise<ServiceSpec> {
  const resolve = (path: string) => (path === '' ? '' : resolvePath(path, allow));
  return {
    ...spec,
    ...(spec.pidFile === undefined ? {} : { pidFile: await resolve(spec.pidFile) }),
    ...(spec.log === undefined ? {} : { log: { ...spec.log, file: await resolve(spec.log.file) } }),
    ...(spec.balancer === undefined
      ? {}
      : {
          balancer: {
            ...spec.balancer,
            conf: await resolve(spec.balancer.conf),
            control: await resolve(spec.balancer.control),
            exe: await resolve(spec.balancer.exe),
          },
        }),
  };
}

async function resolvePath(path: string, allow: AllowList): Promise<string> {
  allow.path(path);
  const real = await realPathOf(path);
  if (real === path) return path;
  try {
    allow.path(real);
  } catch (error) {
    throw new AppError('denied', `${path} leads to ${real}: ${messageOf(error)}`, {
      cause: error,
      hint: `allow ${real} in agent.ini, [allow] paths`,
    });
  }
  return real;
}

/** Of a file that is not there (yet): where it would be. A dangling link stays as it is, for the one who opens it to fail on. */
async function realPathOf(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch (error) {
    if (!isErrno(error, 'ENOENT')) throw new AppError('denied', `${path} cannot be followed: ${messageOf(error)}`, { cause: error });
    const parent = dirname(path);
    return parent === path ? path : join(await realPathOf(parent), basename(path));
  }
}
