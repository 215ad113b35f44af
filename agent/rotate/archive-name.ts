/** Where an archive belongs: `archivedir/YYYY/M/NAME-DD-HH-MM-SS-basename`, in local time. */
export interface ArchiveName {
  /** `YYYY/M`. */
  readonly folder: string;
  readonly file: string;
}

export function archiveName(service: string, log: string, at: Date): ArchiveName {
  const day = [at.getDate(), at.getHours(), at.getMinutes(), at.getSeconds()].map((n) => String(n).padStart(2, '0')).join('-');
  return { folder: `${at.getFullYear()}/${at.getMonth() + 1}`, file: `${plain(service)}-${day}-${plain(lastPart(log))}` };
}

/** The same name again: `event.log`, `event.log.1`, `event.log.2`. */
export const withNumber = (file: string, number: number): string => (number === 0 ? file : `${file}.${number}`);

/** Whether a file in the folder `YYYY/M` is an archive of one of these logs, and from when; null: not one of ours. */
export function archivedAt(service: string, logs: readonly string[], folder: string, file: string): Date | null {
  const [, year, month] = /^(\d{4})\/(\d{1,2})$/.exec(folder) ?? [];
  const name = plain(service);
  if (year === undefined || month === undefined || !file.startsWith(`${name}-`)) return null;
  const match = /^(\d\d)-(\d\d)-(\d\d)-(\d\d)-(.+)$/s.exec(file.slice(name.length + 1));
  if (match === null) return null;
  const [, day, hours, minutes, seconds, rest = ''] = match;
  if (!logs.some((log) => isNamedAfter(rest, plain(lastPart(log))))) return null;
  return new Date(Number(year), Number(month) - 1, Number(day), Number(hours), Number(minutes), Number(seconds));
}

const isNamedAfter = (rest: string, log: string): boolean =>
  rest.startsWith(log) && /^(?:\.\d{1,3})?(?:\.gz|\.zst)?$/.test(rest.slice(log.length));

const lastPart = (path: string): string => path.split(/[\\/]/).findLast((part) => part !== '') ?? path;
/** A section may be called anything; a file may not. */
const plain = (name: string): string => name.replaceAll(/[\p{Cc}\\/:*?"<>|]/gu, '_');
