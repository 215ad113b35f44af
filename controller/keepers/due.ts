import type { TimeOfDay } from '../config/cluster.js';

/** Whether this time of day, on one of its days and on the clock of the wall, lies after `from` and not after `to` (epoch ms). */
export function isDue({ hour, minute, days = [] }: Omit<TimeOfDay, 'days'> & Partial<TimeOfDay>, from: number, to: number): boolean {
  const today = new Date(to);
  return [0, -1].some((day) => {
    const moment = new Date(today.getFullYear(), today.getMonth(), today.getDate() + day, hour, minute);
    const weekday = moment.getDay() === 0 ? 7 : moment.getDay();
    const isItsDay = days.length === 0 || days.includes(weekday);
    return isItsDay && moment.getTime() > from && moment.getTime() <= to;
  });
}
