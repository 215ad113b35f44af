/**
 * Epoch ms of a time stamp as a header has it; null if it is none. Without a zone it is the time of this host. `written`: when the file was
 * written last; a time without its year is at most half a year after it.
 */
export function timeOf(text: string, written: number): number | null {
  const iso = ISO.exec(text);
  if (iso !== null) return timeOfIso(iso);
  if (/^\d+\.\d{3}$/.test(text)) return Math.round(Number(text) * 1000);
  const access = /^(\d\d)\/([A-Z][a-z]{2})\/(\d{4}):(\d\d):(\d\d):(\d\d) ([+-]\d{4})$/.exec(text);
  if (access !== null) {
    const [, day, month = '', year, hour, minute, second, zone] = access;
    return at({ year, month: monthOf(month), day, hour, minute, second, ms: 0, zone });
  }
  const error = /^[A-Z][a-z]{2} ([A-Z][a-z]{2}) ([ \d]\d) (\d\d):(\d\d):(\d\d)(?:\.(\d+))? (\d{4})$/.exec(text);
  if (error !== null) {
    const [, month = '', day, hour, minute, second, fraction, year] = error;
    return at({ year, month: monthOf(month), day, hour, minute, second, ms: millis(fraction), zone: undefined });
  }
  const syslog = /^([A-Z][a-z]{2}) ([ \d]\d) (\d\d):(\d\d):(\d\d)$/.exec(text);
  if (syslog === null) return null;
  const [, month = '', day, hour, minute, second] = syslog;
  const parts = { month: monthOf(month), day, hour, minute, second, ms: 0, zone: undefined };
  const year = new Date(written).getFullYear();
  const time = at({ ...parts, year });
  return time !== null && time > written + HALF_A_YEAR_MS ? at({ ...parts, year: year - 1 }) : time;
}

const ISO = /^(\d{4})[-/](\d\d)[-/](\d\d)[T ](\d\d):(\d\d):(\d\d)(?:[,.](\d{1,9}))?(Z|[+-]\d\d:?\d\d)?$/;
const HALF_A_YEAR_MS = 183 * 86_400_000;

function timeOfIso([, year, month, day, hour, minute, second, fraction, zone]: RegExpExecArray): number | null {
  return at({ year, month: Number(month) - 1, day, hour, minute, second, ms: millis(fraction), zone });
}

interface Parts {
  readonly year: string | number | undefined;
  /** From 0; -1: there is no such month. */
  readonly month: number;
  readonly day: string | undefined;
  readonly hour: string | undefined;
  readonly minute: string | undefined;
  readonly second: string | undefined;
  readonly ms: number;
  readonly zone: string | undefined;
}

function at({ year, month, day, hour, minute, second, ms, zone }: Parts): number | null {
  const numbers = [Number(year), month, Number(day), Number(hour), Number(minute), Number(second), ms] as const;
  if (month < 0 || month > 11 || numbers[2] < 1 || numbers[2] > 31 || numbers[3] > 23 || numbers[4] > 59 || numbers[5] > 60) return null;
  if (zone === undefined) return new Date(...numbers).getTime();
  return Date.UTC(...numbers) - offsetOf(zone);
}

function offsetOf(zone: string): number {
  if (zone === 'Z') return 0;
  const [, sign, hours, minutes] = /^([+-])(\d\d):?(\d\d)$/.exec(zone) ?? [];
  return (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * 60_000;
}

const millis = (fraction = ''): number => Number(fraction.padEnd(3, '0').slice(0, 3));

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const monthOf = (name: string): number => MONTHS.indexOf(name);
