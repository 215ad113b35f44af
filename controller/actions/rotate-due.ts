import type { RotationSchedule } from '../config/cluster.js';

/** Whether a time of day, on the clock of the wall, lies after `from` and not after `to`. */
export function isDue({ at }: RotationSchedule, from: number, to: number): boolean {
  if (at === null) return false;
  const today = new Date(to);
  const moments = [0, -1].map((days) =>
    new Date(today.getFullYear(), today.getMonth(), today.getDate() + days, at.hour, at.minute).getTime(),
  );
  return moments.some((moment) => moment > from && moment <= to);
}

/** Whether one of the logs has grown so large that it is to be rotated. */
export const isTooLarge = ({ atBytes }: RotationSchedule, logs: readonly { readonly sizeBytes: number | null }[]): boolean =>
  atBytes > 0 && logs.some(({ sizeBytes }) => (sizeBytes ?? 0) >= atBytes);
