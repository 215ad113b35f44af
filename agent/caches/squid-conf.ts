/** What a purge has to know of squid.conf. */
export interface SquidConf {
  /** How long Squid waits for its visitors when it is stopped. */
  readonly shutdownS: number;
  /** Folders of its `cache_dir` lines. */
  readonly folders: readonly string[];
}

/** Reads squid.conf; the last `shutdown_lifetime` counts. Pure. */
export function parseSquidConf(text: string): SquidConf {
  let shutdownS = DEFAULT_SHUTDOWN_S;
  const folders: string[] = [];
  for (const line of text.split('\n')) {
    const [directive, ...words] = line
      .replace(/(^|\s)#.*$/, '')
      .trim()
      .split(/\s+/);
    if (directive === 'shutdown_lifetime') shutdownS = secondsOf(words) ?? shutdownS;
    // cache_dir TYPE FOLDER …
    if (directive === 'cache_dir' && words[1] !== undefined) folders.push(words[1]);
  }
  return { shutdownS, folders };
}

/** Squid's own. */
export const DEFAULT_SHUTDOWN_S = 30;

/** `30 seconds`, `1 minute`; without a unit it is seconds. */
function secondsOf([amount, unit = 'seconds']: readonly string[]): number | null {
  const value = Number(amount);
  const factor = Object.entries(UNITS).find(([name]) => unit.toLowerCase().startsWith(name))?.[1];
  return amount === undefined || !Number.isFinite(value) || factor === undefined ? null : value * factor;
}

const UNITS = { millisecond: 0.001, second: 1, minute: 60, hour: 3600 };
