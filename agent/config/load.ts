import { AppError } from '../../shared/errors.js';
import { readIniFile } from '../../shared/ini/file.js';
import { formatProblem } from '../../shared/ini/ini.js';
import { parseAgentConfig, type AgentConfig } from './config.js';

/** Reads agent.ini. Rejects with `config`, and a message of one line for each error. */
export async function loadAgentConfig(path: string): Promise<AgentConfig> {
  const file = await readIniFile(path);
  if (!file.ok)
    throw new AppError('config', `${path}: ${file.why}`, { hint: 'it tells the agent its name, its controller and what it may do' });
  const { config, problems } = parseAgentConfig(file.bytes, path);
  if (config !== null) return config;
  const errors = problems.filter((problem) => problem.severity === 'error').map(formatProblem);
  throw new AppError('config', errors.join('\n'));
}
