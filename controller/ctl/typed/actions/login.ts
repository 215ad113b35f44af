import { AppError } from '../../../../shared/errors.js';
import { type Action, commonOf, option, type Typed } from '../action.js';

export interface LoginInvocation {
  readonly action: 'login';
  /** host:port. */
  readonly controller: string;
  readonly token: string;
  /** Of the authority. */
  readonly fingerprint: string;
}

export const LOGIN: readonly Action<LoginInvocation>[] = [
  {
    name: 'login',
    summary: 'get the certificate by which a controller on another host knows you',
    operands: '',
    options: [
      option('--controller <address>', 'host:port'),
      option('--token <token>', 'as `ctl-controller token create` printed it'),
      option('--ca <fingerprint>', 'of the authority of that controller'),
    ],
    read: (typed) => ({
      ...commonOf(typed),
      action: 'login',
      controller: needed(typed, 'controller'),
      token: needed(typed, 'token'),
      fingerprint: needed(typed, 'ca'),
    }),
  },
];

function needed(typed: Typed, name: string): string {
  const value = typed[name];
  if (typeof value === 'string' && value !== '') return value;
  throw new AppError('usage', `login: --${name} is missing`, {
    hint: 'paste the command that `ctl-controller token create --operator NAME` prints on the host of the controller',
  });
}
