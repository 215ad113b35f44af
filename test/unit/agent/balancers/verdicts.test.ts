import { describe, expect, it } from 'vitest';
import { createVerdicts } from '../../../../agent/balancers/verdicts.js';

const counting = () => {
  const checked: string[] = [];
  return { checked, check: (name: string) => async () => void checked.push(name) };
};

describe('verdicts', () => {
  it('asks once for the same parts', async () => {
    const { checked, check } = counting();
    const verdicts = createVerdicts(8);
    await verdicts.accepted(['pound 1', 'text'], check('first'));
    await verdicts.accepted(['pound 1', 'text'], check('again'));
    expect(checked).toEqual(['first']);
  });

  it('asks anew when any part differs, also only in where one ends', async () => {
    const { checked, check } = counting();
    const verdicts = createVerdicts(8);
    await verdicts.accepted(['ab', 'c'], check('1'));
    await verdicts.accepted(['a', 'bc'], check('2'));
    await verdicts.accepted(['ab', 'd'], check('3'));
    expect(checked).toEqual(['1', '2', '3']);
  });

  it('passes a refusal on and does not remember it', async () => {
    const { checked, check } = counting();
    const verdicts = createVerdicts(8);
    await expect(verdicts.accepted(['text'], () => Promise.reject(new Error('line 3: unknown directive')))).rejects.toThrow('line 3');
    await verdicts.accepted(['text'], check('again'));
    expect(checked).toEqual(['again']);
  });

  it('forgets the ones not used for longest', async () => {
    const { checked, check } = counting();
    const verdicts = createVerdicts(2);
    for (const text of ['a', 'b', 'a', 'c', 'a', 'b']) await verdicts.accepted([text], check(text));
    expect(checked).toEqual(['a', 'b', 'c', 'b']);
  });
});
