import { readlink, realpath } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { AppError, isErrno, messageOf } from '../shared/errors.js';
import type { RotationSpec } from '../shared/model/rotation.js';
import type { CacheSpec, ServiceSpec } from '../shared/model/service.js';
import type { AllowList } from './config/allow-list.js';
import type { SearchedLog } from './logs/index.js';

/**
 * The service with the paths behind its links, each allowed both as it is written and as what it really is: a link inside an allowed
 * folder must not lead out of it. Errors: `denied`.
 */
export async function resolveSpec(spec: ServiceSpec, allow: AllowList): Promise<ServiceSpec> {
  const follow = (path: string) => (path === '' ? '' : resolvePath(path, allow));
  return {
    ...spec,
    ...(spec.pidFile === undefined ? {} : { pidFile: await follow(spec.pidFile) }),
    ...(spec.log === undefined ? {} : { log: { ...spec.log, file: await follow(spec.log.file) } }),
    ...(spec.balancer === undefined
      ? {}
      : {
          balancer: {
            ...spec.balancer,
            conf: await follow(spec.balancer.conf),
            control: await follow(spec.balancer.control),
            exe: await follow(spec.balancer.exe),
          },
        }),
  };
}

/** The log of a service whose paths have been resolved, and the path that cluster.ini has for it; null: it has none. */
export function searchedLog({ name, log, rotation }: ServiceSpec, path: string | undefined, allow: AllowList): SearchedLog | null {
  if (log === undefined) return null;
  const allowed = (one: string) => resolvePath(one, allow);
  return { service: name, path: path ?? log.file, spec: log, archiveDir: rotation?.archiveDir ?? '', allowed };
}

/** The same for what is rotated: apart, since only a rotation needs it allowed. */
export async function resolveRotation(rotation: RotationSpec, allow: AllowList): Promise<RotationSpec> {
  const follow = async (path: string) => (path === '' ? '' : resolvePath(path, allow));
  const { squid } = rotation;
  return {
    ...rotation,
    logs: await Promise.all(rotation.logs.map(follow)),
    archiveDir: await follow(rotation.archiveDir),
    ...(squid === undefined ? {} : { squid: { exe: await programOf(squid.exe, allow), conf: await follow(squid.conf) } }),
  };
}

/** The same for a cache, which only a purge needs. */
export async function resolveCache(cache: CacheSpec, allow: AllowList): Promise<CacheSpec> {
  const follow = async (path: string) => (path === '' ? '' : resolvePath(path, allow));
  if (cache.kind === 'varnish') return { ...cache, secretFile: await follow(cache.secretFile) };
  return { ...cache, folder: await follow(cache.folder), conf: await follow(cache.conf), exe: await programOf(cache.exe, allow) };
}

/** A Squid by its name alone is looked for on PATH; every other program needs its path allowed: no command comes by the wire. */
const programOf = async (exe: string, allow: AllowList): Promise<string> => (SQUID.test(exe) ? exe : resolvePath(exe, allow));

const SQUID = /^(?:squid\d?)?$/;

/** The same for one path. */
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

/** What a path really is; of a file that is not there (yet), or a link to one: where it would be. */
export async function realPathOf(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch (error) {
    if (!isErrno(error, 'ENOENT')) throw new AppError('denied', `${path} cannot be followed: ${messageOf(error)}`, { cause: error });
    const parent = dirname(path);
    if (parent === path) return path;
    const folder = await realPathOf(parent);
    const target = await targetOf(path);
    return target === null ? join(folder, basename(path)) : realPathOf(resolve(folder, target));
  }
}

/** null: not a link. A ring of links cannot come here: it is no ENOENT. */
async function targetOf(path: string): Promise<string | null> {
  try {
    return await readlink(path);
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'EINVAL')) return null;
    throw error;
  }
}
