import { sortProblems, type Problem } from '../../shared/ini/ini.js';
import { explosivePatterns } from './explosive.js';
import type { LoadedCluster } from './parse.js';
import { checkPounds } from './pound-check.js';
import { maskSecrets } from './secrets.js';

/**
 * The problems of a cluster.ini, and those that only a look around shows: in the pound.cfg that it names, if that can be read on this
 * host, and in what its patterns may cost. Takes seconds at most; all that it adds are warnings.
 */
export async function checkSurroundings({ config, problems, document }: LoadedCluster): Promise<readonly Problem[]> {
  const found = [...(config === null ? [] : await checkPounds(document, config)), ...(await explosivePatterns(document))];
  return sortProblems([...problems, ...maskSecrets(document, found)]);
}
