import { type Action, commonOf } from '../action.js';

export interface MailInvocation {
  readonly action: 'mail status' | 'mail test';
}

export const MAIL: readonly Action<MailInvocation>[] = [
  {
    name: 'mail status',
    summary: 'mails that wait, and mails that the server refused',
    operands: '',
    options: [],
    read: (typed) => ({ ...commonOf(typed), action: 'mail status' }),
  },
  {
    name: 'mail test',
    summary: 'send one mail now, and show what the server answers',
    operands: '',
    options: [],
    read: (typed) => ({ ...commonOf(typed), action: 'mail test' }),
  },
];
