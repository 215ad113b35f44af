import { AppError } from '../../shared/errors.js';
import { readIniFile } from '../../shared/ini/file.js';
import { parseIni, type Problem } from '../../shared/ini/ini.js';
import { checkSurroundings } from './check.js';
import { loadCluster } from './load.js';
import type { SecretSources } from './secrets.js';
import { rawConfig, showConfig, type RawConfig, type ShownSection } from './show.js';
import { upgradeIni, type Upgrade } from './upgrade.js';

/** What `ctl config` does on this host's own file, without a controller. */
export interface OfflineConfig {
  /** All problems of the file, and of what it refers to as far as that can be read here; empty: it is well. */
  problems(file: string): Promise<readonly Problem[]>;
  /** Effective values with their places, and the problems. Rejects with `config` if the file can't be read. */
  show(file: string): Promise<{ readonly sections: readonly ShownSection[]; readonly problems: readonly Problem[] }>;
  /** As Python's configparser gives it; rejects with `config` where Python raises. */
  raw(file: string, options: { readonly secrets: boolean }): Promise<RawConfig>;
  /** The modern form. Rejects with `config` if the file can't be read as text. */
  upgrade(file: string, options: { readonly secrets: boolean }): Promise<Upgrade>;
}

export function createOfflineConfig(env: SecretSources['env']): OfflineConfig {
  return {
    problems: async (file) => checkSurroundings(await loadCluster(file, env)),
    async show(file) {
      await contentOf(file);
      const { document, problems } = await loadCluster(file, env);
      return { sections: showConfig(document), problems };
    },
    raw: async (file, options) => rawConfig(parseIni((await contentOf(file)).bytes, file), options),
    async upgrade(file, { secrets }) {
      const { bytes, realPath } = await contentOf(file);
      return upgradeIni(bytes, realPath, { file, secrets });
    },
  };
}

async function contentOf(file: string): Promise<{ readonly bytes: Buffer; readonly realPath: string }> {
  const found = await readIniFile(file);
  if (found.ok) return found;
  throw new AppError('config', `${file}: ${found.why}`, { hint: 'name it by `-c FILE`, or run ctl in the folder of cluster.ini' });
}
