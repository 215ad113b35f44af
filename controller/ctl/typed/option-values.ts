import { AppError } from '../../../shared/errors.js';

/** The checks of option values. Each answers the value in the form in which it is used, or throws a `usage` error that shows a good one. */

const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, min: 60, h: 3600, d: 86_400 };

/** `2h`, `90m`, `1h30m`, `45s`; a bare number is seconds. Answers seconds. */
export const duration =
  (option: string) =>
  (value: string): number => {
    const parts = [...value.matchAll(/(\d+(?:\.\d+)?)(s|min|m|h|d|)/g)];
    const total = parts.reduce((sum, [, number = '', unit = '']) => sum + Number(number) * (UNITS[unit] ?? 1), 0);
    if (!/^(\d+(\.\d+)?|(\d+(\.\d+)?(s|min|m|h|d))+)$/.test(value) || !Number.isFinite(total) || total <= 0) {
      throw new AppError('usage', `${option} ${value}: not a duration`, {
        hint: `for example \`${option} 30\` (seconds), \`${option} 90m\`, \`${option} 2h\``,
      });
    }
    return total;
  };

export const count =
  (option: string) =>
  (value: string): number => {
    if (!/^\d{1,6}$/.test(value)) throw new AppError('usage', `${option} ${value}: not a number`, { hint: `for example \`${option} 1\`` });
    return Number(value);
  };

export const atLeastOne =
  (option: string) =>
  (value: string): number => {
    if (!/^[1-9]\d{0,5}$/.test(value))
      throw new AppError('usage', `${option} ${value}: not a number from 1 on`, { hint: `for example \`${option} 1\`` });
    return Number(value);
  };

export function batchSize(value: string): string {
  const good = value === 'pool' || value === 'auto' || /^[1-9]\d{0,5}$/.test(value) || /^([1-9]\d?|100)%$/.test(value);
  if (!good)
    throw new AppError('usage', `--batch ${value}: not a batch size`, { hint: 'a number, a percentage (`50%`), `pool` or `auto`' });
  return value;
}

/** A path on the site. A whole URL would be asked of each client as a path: surely not what was meant. */
export function requestPath(value: string): string {
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(value)) {
    throw new AppError('usage', `-u ${value}: a path is wanted, not an absolute URL`, {
      hint: `write \`-u ${value.replace(/^[^:]*:\/\/[^/]*/, '') || '/'}\``,
    });
  }
  if (/\s/.test(value) || value === '') throw new AppError('usage', `-u "${value}": not a path`, { hint: 'for example `-u /news`' });
  return value;
}
