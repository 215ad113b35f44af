import { AppError } from '../../shared/errors.js';

/** Actions that the specification has and this version does not: refused, never taken for a typing error. */
export const NOT_BUILT_ACTIONS: readonly string[] = [];

export interface NotBuiltOption {
  readonly flags: string;
  readonly what: string;
  readonly instead: string | null;
}

/** Options of the same kind. They are known to the parser so that it can say so, whatever the action. */
export const NOT_BUILT_OPTIONS: readonly NotBuiltOption[] = [];

export const isNotBuilt = (action: string): boolean => NOT_BUILT_ACTIONS.some((one) => one === action);

export function refuseAction(action: string): AppError {
  return new AppError('unsupported', `not in this version: ${action}`, { hint: 'what there is: `ctl --help`' });
}

export function refuseOption(option: NotBuiltOption): AppError {
  return new AppError('unsupported', `not in this version: ${nameOf(option)} (${option.what})`, {
    hint: option.instead ?? 'leave it out; what there is: `ctl --help`',
  });
}

const nameOf = (option: NotBuiltOption): string => option.flags.replace(/ .*/, '');
