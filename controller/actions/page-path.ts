import { AppError } from '../../shared/errors.js';

/** The path of `-u`; '' for the home page. Throws `usage` for a whole URL: it would be asked of each client as a path. */
export function pagePath(path: string | null): string {
  if (path !== null && /^([a-z][a-z\d+.-]*:)?\/\//i.test(path)) {
    throw new AppError('usage', `-u takes a path of the site, not a whole URL: ${path}`, { hint: 'give the part after the host name' });
  }
  return path ?? '';
}
