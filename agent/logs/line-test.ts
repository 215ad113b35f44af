import { type Context, createContext, Script } from 'node:vm';
import { AppError, toAppError } from '../../shared/errors.js';
import { type LogPattern, parseLogPattern } from '../../shared/model/log-pattern.js';
import { compilePattern } from '../../shared/pattern.js';

/** Which of these lines match. Errors: `failed` if that takes too long, which only a pattern can bring about that goes back and forth. */
export type LineTest = (lines: readonly string[]) => readonly boolean[];

/** For a pattern of cluster.ini, which may say more than ripgrep understands. Errors: `config`. */
export function createLineTest(pattern: string): LineTest {
  const parsed = forRipgrep(pattern);
  if (parsed?.linear === true) return (lines) => lines.map((line) => parsed.js.test(line));
  return bounded(pattern, parsed?.js ?? compile(pattern));
}

/** null: ripgrep cannot take it. */
export function forRipgrep(pattern: string): LogPattern | null {
  try {
    return parseLogPattern(pattern, { ignoreCase: false });
  } catch (error) {
    if (error instanceof AppError && error.code === 'usage') return null;
    throw error;
  }
}

function compile(pattern: string): RegExp {
  try {
    return compilePattern(pattern);
  } catch (error) {
    throw toAppError(error, 'config', 'a pattern of cluster.ini is none');
  }
}

/** Nothing else can end a match that has begun. */
function bounded(pattern: string, expression: RegExp): LineTest {
  return (lines) => {
    realm ??= createContext({});
    Object.assign(realm, { expression, lines });
    try {
      return TEST.runInContext(realm, { timeout: MAX_MS }) as boolean[];
    } catch (error) {
      if (!isTimeout(error)) throw error;
      throw new AppError('failed', `the pattern ${pattern} takes too long on a line`, {
        hint: 'write it without a repetition in a repetition; `ctl config check` shows which patterns of cluster.ini can do that',
      });
    }
  };
}

/** One for all tests, none of which waits: a realm takes half a megabyte, and every check of every log makes a test. */
let realm: Context | undefined;

/** It comes from the other realm: there it is an Error, here it need not be one. */
const isTimeout = (error: unknown): boolean =>
  typeof error === 'object' && error !== null && 'code' in error && error.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT';

const TEST = new Script('lines.map((line) => expression.test(line))');
/** For all of them, which are 512 kB at most. */
const MAX_MS = 250;
