import { AppError } from '../../shared/errors.js';
import type { Measured } from '../../shared/model/observation.js';

/**
 * What a real suite stands on, or null: then the suite is to be skipped, and the reason has been printed. With `CTL_REAL=required` in the
 * environment it throws instead. For the top of a suite: `const zope = await realPart('Zope', zopeEnvironment({ signal: setUpLimit() }))`.
 */
export async function realPart<T extends object>(what: string, found: Promise<Measured<T>>): Promise<T | null> {
  const part = await found;
  if (part.ok) return part;
  if (process.env.CTL_REAL === 'required') throw new AppError('precondition', `${what} is required here: ${part.why}`);
  console.warn(`skipped: ${what}: ${part.why}`);
  return null;
}

/** Downloads included. */
export const setUpLimit = (): AbortSignal => AbortSignal.timeout(600_000);
