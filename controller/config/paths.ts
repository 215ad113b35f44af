import { isAbsolutePath, isWindowsPath } from '../../shared/ini/host-path.js';

/** A path of the controller's own, relative to the folder of the ini file. */
export function resolveBeside(iniPath: string, path: string): string {
  if (isAbsolutePath(path)) return path;
  const separator = isWindowsPath(iniPath) ? '\\' : '/';
  const end = Math.max(iniPath.lastIndexOf('/'), isWindowsPath(iniPath) ? iniPath.lastIndexOf('\\') : -1);
  const parts = end < 0 ? [] : iniPath.slice(0, end).split(separator);
  for (const part of path.split(isWindowsPath(iniPath) ? /[\\/]/ : '/')) {
    if (part === '..' && parts.length > 1) parts.pop();
    else if (part !== '.' && part !== '') parts.push(part);
  }
  return parts.join(separator);
}

export const lastPart = (path: string): string => path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1);
