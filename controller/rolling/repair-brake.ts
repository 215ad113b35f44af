import type { RepairSituation } from './repair-situation.js';

/** Why a service is not repaired again just now. */
export interface Brake {
  /** It has been repaired so often that somebody has to look. */
  readonly gaveUp: boolean;
  readonly reason: string;
}

const HOUR_MS = 3_600_000;
/** After the first repair of an hour; it doubles with each. */
const BACK_OFF_MS = 60_000;

/** null: it may be repaired now. Pure. */
export function brakeOf({ attempts, config, now }: Pick<RepairSituation, 'attempts' | 'config' | 'now'>, service: string): Brake | null {
  const recent = attempts.filter((one) => one.service === service && now - one.at < HOUR_MS).sort((a, b) => a.at - b.at);
  const [oldest, latest] = [recent[0], recent.at(-1)];
  if (oldest === undefined || latest === undefined) return null;
  const by = `\`ctl start ${service}\` restarts it all the same`;
  const { maxRepairsPerHour } = config.monitor;
  if (recent.length >= maxRepairsPerHour) {
    const again = new Date(oldest.at + HOUR_MS).toISOString();
    return { gaveUp: true, reason: `repaired ${recent.length} times within an hour, which did not last: given up until ${again}; ${by}` };
  }
  const left = (latest.endedAt ?? latest.at) + BACK_OFF_MS * 2 ** (recent.length - 1) - now;
  if (left <= 0) return null;
  const end = latest.failed ? 'failed' : 'was';
  const again = `the next one is due in ${Math.ceil(left / 1000)} s`;
  return { gaveUp: false, reason: `its last repair ${end} ${Math.round((now - latest.at) / 1000)} s ago, ${again}; ${by}` };
}
