import type { MailReport, MailState, MailTest } from '../../../shared/model/mail.js';
import type { Style } from './style.js';
import { indent, oneLine } from './text.js';
import { counted, formatMs, formatTime, isoTime } from './units.js';

export function formatMails({ server, to, waiting, givenUp, blocked, nextTry }: MailReport, style: Style): string {
  const lines = [
    server === null
      ? style.warn('no mail is configured: set toaddrs, mailhost and fromaddr')
      : `${oneLine(server)}  to ${oneLine(to.join(', '))}`,
    waiting.length === 0
      ? 'no mail waits'
      : `${style.warn(`${counted(waiting.length, 'mail')} waiting`)}${nextTry === null ? '' : `, next try ${formatTime(nextTry)}`}`,
    ...(blocked === null ? [] : [indent(oneLine(blocked), '  ')]),
    ...waiting.flatMap(mailLines),
    ...(givenUp.length === 0
      ? []
      : [`${style.bad(`${counted(givenUp.length, 'mail')} refused for good`)}, kept in the state_dir, mail/given-up`]),
    ...givenUp.flatMap(mailLines),
  ];
  return `${lines.join('\n')}\n`;
}

const mailLines = ({ at, subject, to, attempts, lastError }: MailState): string[] => [
  `  ${formatTime(at)}  ${oneLine(subject)}`,
  `    to ${oneLine(to.join(', '))}${attempts === 0 ? '' : `, tried ${attempts === 1 ? 'once' : `${attempts} times`}`}`,
  ...(lastError === null ? [] : [`    ${oneLine(lastError)}`]),
];

/** The answers of the server as they came, then what became of the mail. */
export function formatMailTest({ server, outcome, accepted, refused, answers, ms }: MailTest, style: Style): string {
  const head = {
    accepted: style.good('accepted'),
    refused: style.bad('refused'),
    unreachable: style.bad('not delivered'),
  }[outcome];
  const lines = [
    ...answers.map((answer) => indent(answer.split('\n').map(oneLine).join('\n'), '< ')),
    `${head} by ${oneLine(server)} in ${formatMs(ms)}${accepted.length === 0 ? '' : `${refused.length === 0 ? '' : ' for some, accepted for'}: ${oneLine(accepted.join(', '))}`}`,
    ...refused.map(({ to, why }) => `  ${oneLine(to)}: ${oneLine(why)}`),
  ];
  return `${lines.join('\n')}\n`;
}

export const mailsToJson = ({ server, to, waiting, givenUp, blocked, nextTry }: MailReport, exit: number): object => ({
  ...{ schema: 1, action: 'mail status', exit, server, to },
  waiting: waiting.map(mailToJson),
  given_up: givenUp.map(mailToJson),
  blocked,
  next_try: nextTry === null ? null : isoTime(nextTry),
});

const mailToJson = ({ id, subject, to, at, attempts, lastError }: MailState): object => ({
  ...{ id, subject, to },
  at: isoTime(at),
  attempts,
  last_error: lastError,
});

export const mailTestToJson = ({ server, outcome, accepted, refused, answers, ms }: MailTest, exit: number): object => ({
  ...{ schema: 1, action: 'mail test', exit, server, outcome, accepted, refused, answers, ms },
});
