/** Time stamp (as it is written) and level of a line that begins an entry. */
export interface Header {
  readonly time: string;
  readonly level: string | null;
}

/**
 * The header of a line, null if it begins no entry: Zope, Plone, ZEO (`2024-09-25 16:47:17,760 INFO …`), access logs of Zope, Apache and
 * Squid (Combined and Squid's own), Apache's error log, Squid's cache.log, syslog (Pound).
 */
export function parseHeader(line: string): Header | null {
  const code = line.charCodeAt(0);
  // A blank begins the lines of a traceback: nearly all lines that begin no entry.
  if (code === BLANK || code === TAB || line.length < MIN_LENGTH) return null;
  if (code >= ZERO && code <= NINE) return iso(line) ?? squid(line) ?? cacheLog(line) ?? access(line);
  if (code === BRACKET) return errorLog(line) ?? access(line);
  return syslog(line) ?? access(line);
}

const BLANK = 0x20;
const TAB = 0x09;
const ZERO = 0x30;
const NINE = 0x39;
const BRACKET = 0x5b;
const MIN_LENGTH = 15;

/** A header is in the first bytes of its line, if anywhere. */
export const HEADER_BYTES = 256;

const ISO = /^(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[,.]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?)(?:\s+(?:[[(]\d+[\])]\s+)?([A-Z]{4,8})(?=[\s:]|$))?/;

function iso(line: string): Header | null {
  const match = ISO.exec(line);
  return match?.[1] === undefined ? null : { time: match[1], level: match[2] === undefined ? null : levelOf(match[2]) };
}

/** Zope's level is padded and cut to seven letters by the recipe of buildout. */
function levelOf(word: string): string {
  const level = word === 'CRITICA' ? 'CRITICAL' : word;
  return level === 'WARN' ? 'WARNING' : level === 'FATAL' ? 'CRITICAL' : level;
}

const only = (pattern: RegExp) => (line: string) => {
  const time = pattern.exec(line)?.[1];
  return time === undefined ? null : { time, level: null };
};

const squid = only(/^(\d{9,10}\.\d{3}) +\d+ \S+ [A-Z_]+\/\d{3} /);
const cacheLog = only(/^(\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d)(?:\.\d+)?[ |]/);
const access = only(/^\S{1,100} \S{1,100} [^[\n]{0,100}\[(\d\d\/[A-Z][a-z]{2}\/\d{4}:\d\d:\d\d:\d\d [+-]\d{4})\] /);
const syslog = only(/^([A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d) \S+ /);

const ERROR_LOG = /^\[([A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d(?:\.\d{1,9})? \d{4})\](?: \[(?:\w+:)?(\w+)\])?/;

function errorLog(line: string): Header | null {
  const match = ERROR_LOG.exec(line);
  return match?.[1] === undefined ? null : { time: match[1], level: APACHE_LEVELS[match[2] ?? ''] ?? null };
}

const APACHE_LEVELS: Readonly<Record<string, string>> = {
  ...{ emerg: 'CRITICAL', alert: 'CRITICAL', crit: 'CRITICAL', error: 'ERROR', warn: 'WARNING' },
  ...{ notice: 'INFO', info: 'INFO', debug: 'DEBUG', trace1: 'DEBUG' },
};
