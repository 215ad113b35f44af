import { AppError } from '../../shared/errors.js';

const FACTOR = Number(process.env.CTL_RUNS ?? '0.2');
if (!(FACTOR > 0)) throw new AppError('usage', 'CTL_RUNS is no number over 0', { hint: 'for example: CTL_RUNS=10 npm run test:unit' });

/**
 * How often a property is tried: a fifth of `all`, so that the unit tests take seconds; all with `CTL_RUNS=1` in the environment, as `npm test`
 * has it; ten times as often with `CTL_RUNS=10`.
 */
export const runs = (all: number): number => Math.ceil(all * FACTOR);
