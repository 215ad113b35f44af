import { AppError } from '../../shared/errors.js';
import type { ConfigDiff } from '../../shared/model/config-diff.js';
import type { ClusterConfig } from './cluster.js';

/** What the controller goes by, and how it changes. */
export interface ConfigSource {
  /** The newest version that was good. */
  current(): ClusterConfig;
  /** Tells each later version, when `current` has become it. */
  subscribe(listener: (config: ClusterConfig) => void): void;
  /** What whoever looks at the cluster has to know: that the file was changed, and the change refused. */
  warnings(): readonly string[];
  /** Against the file as it is now. */
  diff(): Promise<ConfigDiff>;
}

/** A version that never changes: embedded mode reads the file anew for each action. */
export function fixedConfig(config: ClusterConfig, warnings: readonly string[]): ConfigSource {
  return {
    current: () => config,
    subscribe: () => undefined,
    warnings: () => warnings,
    diff: () =>
      Promise.reject(
        new AppError('unsupported', 'there is no controller that could go by another version of the file', {
          hint: 'without `[controller] address` each ctl reads it anew; `ctl config check` says whether it is well',
        }),
      ),
  };
}
