import { describe, expect, it } from 'vitest';
import { exitOfError, worstExit } from '../../../../controller/ctl/exit-codes.js';
import { ERROR_CODES } from '../../../../shared/errors.js';

describe('worstExit', () => {
  it('prefers 2, 4, 130, 1, 3, 5 in this order', () => {
    const order = [2, 4, 130, 1, 3, 5, 0];
    expect(order.map((_, i) => worstExit(order.slice(i).reverse()))).toEqual(order);
  });

  it('is 0 for nothing at all', () => {
    expect(worstExit([])).toBe(0);
  });

  it('takes a number without a meaning for critical', () => {
    expect([worstExit([77]), worstExit([5, -1]), worstExit([77, 2])]).toEqual([1, 1, 2]);
  });
});

it('each error code has an exit code', () => {
  expect(Object.fromEntries(ERROR_CODES.map((code) => [code, exitOfError(code)]))).toEqual({
    config: 2,
    usage: 2,
    'not-found': 2,
    precondition: 2,
    denied: 2,
    unsupported: 2,
    conflict: 4,
    unreachable: 5,
    timeout: 5,
    cancelled: 130,
    failed: 1,
    internal: 1,
  });
});
