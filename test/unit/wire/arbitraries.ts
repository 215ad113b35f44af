import fc from 'fast-check';
import { processId } from '../../../shared/model/process.js';

/** Values of which those that cross the wire are made. */
export const text = fc.string({ unit: 'grapheme' });
export const count = fc.nat({ max: Number.MAX_SAFE_INTEGER });
export const small = fc.nat(0xffff_ffff);
export const epoch = fc.integer({ min: 0, max: 8.64e15 });
export const seconds = fc.double({ min: 0, max: 3e9, noNaN: true }).map((value) => value + 0);
/** protobuf makes no difference between the zeros. */
export const double = fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0);
export const wait = fc.nat(2 ** 31 - 1);
export const pause = wait.map((ms) => Math.max(ms, 1));
export const orNull = <T>(arb: fc.Arbitrary<T>) => fc.option(arb, { nil: null });
export const id = fc.tuple(fc.nat(), fc.nat()).map(([pid, ticks]) => processId(pid, ticks));
export const unmeasured = fc.record({ ok: fc.constant(false as const), why: text });
export const ok = fc.constant(true as const);
