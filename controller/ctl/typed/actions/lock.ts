import { AppError } from '../../../../shared/errors.js';
import { type Action, commonOf, option } from '../action.js';

export interface LockInvocation {
  readonly action: 'lock';
  readonly remove: boolean;
  readonly force: boolean;
}

export const LOCK: readonly Action<LockInvocation>[] = [
  {
    name: 'lock',
    summary: 'who holds the lock of the critical operations',
    operands: '',
    options: [option('-r', 'remove it, if its owner is gone'), option('--force', 'with -r: also if its owner lives; he halts then')],
    read(typed) {
      const [remove, force] = [typed.r === true, typed.force === true];
      if (force && !remove) throw new AppError('usage', 'lock: --force goes with -r', { hint: '`ctl lock` tells who holds it' });
      return { ...commonOf(typed), action: 'lock', remove, force };
    },
  },
];
