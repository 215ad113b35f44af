import { pino, stdSerializers } from 'pino';
import { createLogFile } from './log-file.js';

/** Fields of a log line; an error goes under `error` and is written with its code, hint, stack and causes. */
export type LogFields = Readonly<Record<string, unknown>>;

interface Write {
  (message: string): void;
  (fields: LogFields, message: string): void;
}

/** What every part of the programs logs with. */
export interface Log {
  readonly debug: Write;
  readonly info: Write;
  readonly warn: Write;
  readonly error: Write;
  /** The same log, each line with these fields. */
  child(fields: LogFields): Log;
}

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export interface LogOptions {
  /** The program. */
  readonly name: string;
  readonly level?: LogLevel;
  /** Where the lines go: a file (10 MiB, five old ones kept), a function, or (by default) stderr. */
  readonly file?: string;
  readonly write?: (line: string) => void;
}

/** One JSON object a line, with an ISO time. Passwords and authorization headers are never written, at whatever depth up to four. */
export function createLogger(options: LogOptions): Log {
  const { name, level = 'info' } = options;
  return pino(
    { name, level, base: { name }, timestamp: isoTime, formatters: { level: (label) => ({ level: label }) }, serializers, redact },
    destination(options),
  );
}

const isoTime = () => `,"time":"${new Date().toISOString()}"`;
const serializers = { error: stdSerializers.err, err: stdSerializers.err };

const SECRET_KEYS = ['passwd', 'password', 'authorization', 'Authorization', 'mail_password', 'secret'];
const redact = { paths: SECRET_KEYS.flatMap((key) => [key, `*.${key}`, `*.*.${key}`, `*.*.*.${key}`]), censor: '[redacted]' };

function destination(options: LogOptions): { write(line: string): void } {
  if (options.file !== undefined) return createLogFile(options.file);
  return { write: options.write ?? ((line) => process.stderr.write(line)) };
}
