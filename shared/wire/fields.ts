import { MAX_TIMER_MS } from '../abort.js';
import { AppError } from '../errors.js';
import type { ProcessId } from '../model/process.js';

/** A whole number (epoch ms, bytes, a count) for an int64 field; fractions are rounded. */
export function toInt64(value: number, field: string): bigint {
  const whole = Math.round(value);
  if (!Number.isSafeInteger(whole)) throw unsendable(field, value);
  return BigInt(whole);
}

/** A count, a size, a time: what is sent as one is never negative. */
export function fromInt64(value: bigint, field: string): number {
  const number = Number(value);
  if (!Number.isSafeInteger(number) || number < 0) throw unreadable(field, value);
  return number;
}

/** Epoch ms that a Date can hold: with any other, whoever shows it fails. */
export function fromTime(value: bigint, field: string): number {
  const at = fromInt64(value, field);
  if (at > MAX_TIME_MS) throw unreadable(field, value);
  return at;
}

/** The same as somebody has written it, in a log or on a command line: also before 1970. */
export const fromWrittenTime = (value: bigint, field: string): number => (value < 0n ? -fromTime(-value, field) : fromTime(value, field));

const MAX_TIME_MS = 8.64e15;

export function toUint32(value: number, field: string): number {
  if (!Number.isInteger(value) || value < 0 || value > 0xffff_ffff) throw unsendable(field, value);
  return value;
}

/** A duration that somebody will wait for: whole milliseconds, at most what a timer can hold. */
export function toWaitMs(value: number, field: string): number {
  if (Number.isNaN(value) || value < 0) throw unsendable(field, value);
  return Math.min(Math.ceil(value), MAX_TIMER_MS);
}

/** For a double: neither infinite nor not a number. */
export function finite(value: number, field: string): number {
  if (!Number.isFinite(value)) throw unsendable(field, value);
  return value;
}

/** The same from the other side: one host that sends nonsense must not spoil the report on all. */
export function fromDouble(value: number, field: string): number {
  if (!Number.isFinite(value)) throw unreadable(field, value);
  return value;
}

/** How long somebody wants it to take, in seconds, or to last. */
export function fromSeconds(value: number, field: string): number {
  if (value >= 0 && value <= MAX_SECONDS) return value;
  throw new AppError('usage', `${field} ${value}: at least 0 s, at most ${MAX_SECONDS} s`);
}

/** A century. */
const MAX_SECONDS = 3_155_760_000;

/** A pause between what is done again and again: without one it would never end. */
export function fromPauseMs(value: number, field: string): number {
  if (value < 1 || value > MAX_TIMER_MS) throw unreadable(field, value);
  return value;
}

/** What somebody is called: it is kept, and stands in every line about him. */
export function fromName(text: string, field: string): string {
  if (text.length > MAX_NAME) throw unreadable(field, `"${text.slice(0, 40)}…"`);
  return text;
}

const MAX_NAME = 200;

/** `pid@starttime`. */
export function fromProcess(text: string): ProcessId {
  return known(PROCESS.test(text) ? (text as ProcessId) : undefined, 'process', `"${text.slice(0, 40)}"`);
}

const PROCESS = /^\d{1,10}@\d{1,20}$/;

export interface EnumCodec<Model extends string, Wire extends number> {
  toWire(value: Model): Wire;
  /** undefined: a value that this version does not know. */
  fromWire(value: number): Model | undefined;
}

export function enumCodec<Model extends string, Wire extends number>(pairs: Readonly<Record<Model, Wire>>): EnumCodec<Model, Wire> {
  const back = new Map(Object.entries(pairs).map(([model, wire]) => [wire as number, model as Model]));
  return { toWire: (value) => pairs[value], fromWire: (value) => back.get(value) };
}

/** One of the words of a list that grows; throws `unsupported` for one of a later version. */
export function oneOf<T extends string>(words: readonly T[], wire: string, what: string): T {
  return known(
    words.find((word) => word === wire),
    what,
    `"${wire.slice(0, 40)}"`,
  );
}

/** For an enum without which the message makes no sense. */
export function known<T>(value: T | undefined, what: string, wire: unknown): T {
  if (value === undefined) throw unreadable(what, wire);
  return value;
}

/** What is said of a result whose form only a later version knows. */
export const UNKNOWN_FORM = 'the other side answered in a form that this version does not know';

function unsendable(field: string, value: unknown): AppError {
  return new AppError('internal', `${field} cannot be sent: ${String(value)}`);
}

export function unreadable(what: string, value: unknown): AppError {
  return new AppError('unsupported', `this version does not know the ${what} that the other side sent (${String(value)})`, {
    hint: 'bring ctl, ctl-controller and ctl-agent to the same version',
  });
}
