/** A path on a service's host, POSIX or Windows (drive or share), whatever the machine that reads it. */
export const isAbsolutePath = (path: string): boolean => path.startsWith('/') || isWindowsPath(path);

export const isWindowsPath = (path: string): boolean => /^(?:[A-Za-z]:[\\/]|\\\\)/.test(path);
