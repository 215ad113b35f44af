import { AppError } from '../../shared/errors.js';
import { matchesGlob } from '../../shared/ini/glob.js';
import { isAbsolutePath, isWindowsPath } from '../../shared/ini/host-path.js';
import type { AgentConfig } from './config.js';

/** What `[allow]` of agent.ini lets pass. Everything else is `denied`, and the hint names the line to change. */
export interface AllowList {
  /** By the name that the service manager has for it. */
  service(serviceName: string): void;
  /** An allowed path itself, or anything below it. Says nothing of where links lead. */
  path(path: string): void;
  action(verb: string): void;
}

export function createAllowList({ file, allow }: Pick<AgentConfig, 'file' | 'allow'>): AllowList {
  const refuse = (key: keyof AgentConfig['allow'], what: string, word: string): never => {
    const { line } = allow[key];
    const hint = line === null ? `add "${key} = ${word}" to [allow] in ${file}` : `add ${word} to "${key}" in [allow] (${file}:${line})`;
    throw new AppError('denied', `agent.ini does not allow ${what}`, { hint });
  };
  return {
    service(serviceName) {
      if (!allow.services.patterns.some((pattern) => matchesGlob(pattern, serviceName)))
        refuse('services', `the service "${serviceName}"`, serviceName);
    },
    path(path) {
      const parts = partsOf(path);
      if (parts === null)
        throw new AppError('denied', `"${path}" is not a plain absolute path`, { hint: 'write it without .. and from the root on' });
      if (!allow.paths.patterns.some((pattern) => covers(pattern, parts))) refuse('paths', `the path ${path}`, path);
    },
    action(verb) {
      if (!allow.actions.patterns.includes(verb)) refuse('actions', `"${verb}"`, verb);
    },
  };
}

interface Parts {
  readonly windows: boolean;
  readonly names: readonly string[];
}

/** null: not absolute, or not what it seems (`..`, a NUL, a device path, a stream of a file). */
function partsOf(path: string): Parts | null {
  if (!isAbsolutePath(path) || path.includes('\0') || /^\\\\[?.]/.test(path)) return null;
  const windows = isWindowsPath(path);
  const names = path.split(windows ? /[\\/]/ : '/').filter((name) => name !== '' && name !== '.');
  if (names.includes('..')) return null;
  if (!windows) return { windows, names };
  const share = path.startsWith('\\\\');
  if (names.slice(share ? 0 : 1).some((name) => /:|[. ]$/.test(name))) return null;
  return { windows, names: [...(share ? ['\\\\'] : []), ...names].map((name) => name.toLowerCase()) };
}

function covers(pattern: string, { windows, names }: Parts): boolean {
  const allowed = partsOf(pattern);
  if (allowed?.windows !== windows || allowed.names.length > names.length) return false;
  return allowed.names.every((name, index) => matchesGlob(name, names[index] ?? ''));
}
