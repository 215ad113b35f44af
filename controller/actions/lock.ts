import type { ClusterConfig } from '../config/cluster.js';
import type { LockDeps } from '../rolling/lock.js';
import { lookAtLock, removeLock } from '../rolling/stale-lock.js';
import type { ControlApi } from '../../shared/model/control-api.js';

/** The lock of the critical operations, as an operator sees it. */
export const createLockActions = (config: () => ClusterConfig, deps: LockDeps): Pick<ControlApi, 'lock' | 'removeLock'> => ({
  lock: () => lookAtLock(config().lockFile, deps),
  removeLock: (request) => removeLock(config().lockFile, request, deps),
});
