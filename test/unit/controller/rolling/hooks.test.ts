import { describe, expect, it } from 'vitest';
import { runHook } from '../../../../controller/rolling/hooks.js';
import { AppError } from '../../../../shared/errors.js';

const { signal } = new AbortController();
const node = (script: string) => [process.execPath, '-e', script] as const;
const errorOf = async (work: Promise<void>) => {
  const error: unknown = await work.catch((e: unknown) => e);
  if (!(error instanceof AppError)) throw new Error(`no AppError: ${String(error)}`);
  return error;
};

describe('a hook', () => {
  it('gets the name of its client behind its own arguments', async () => {
    const check = node('process.exit(process.argv[1] === "own" && process.argv[2] === "zeoclient1.1" ? 0 : 3)');
    await runHook([...check, 'own'], 'zeoclient1.1', signal);
    expect((await errorOf(runHook([...check, 'own'], null, signal))).code).toBe('failed');
  });

  it('that fails is told with its last lines', async () => {
    const { message } = await errorOf(
      runHook(node('for (let i = 1; i <= 9; i++) console.error("line " + i); process.exit(2)'), null, signal),
    );
    expect(message).toMatch(/ ended with 2: line 5 \| line 6 \| line 7 \| line 8 \| line 9$/);
    const silent = await errorOf(runHook(node('console.log("only this"); process.exit(1)'), 'c1', signal));
    expect(silent.message).toMatch(/ c1 ended with 1: only this$/);
  });

  it('that does not exist is told', async () => {
    expect((await errorOf(runHook(['/nowhere/hook'], null, signal))).message).toBe('/nowhere/hook: no such program');
  });
});
