import type { MailOutcome, MailReport, MailState, MailTest } from '../model/mail.js';
import { enumCodec, finite, fromDouble, fromTime, known, toInt64, toUint32 } from './fields.js';
import {
  TestMailReport_Outcome as Outcome,
  type MailReport as WireReport,
  type TestMailReport as WireTest,
  type WaitingMail as WireMail,
} from './gen/ctl/v1/mail.js';

export const mailReportToWire = ({ server, to, waiting, givenUp, blocked, nextTry }: MailReport): WireReport => ({
  server: server ?? undefined,
  to: [...to],
  waiting: waiting.map(mailToWire),
  givenUp: givenUp.map(mailToWire),
  blocked: blocked ?? undefined,
  nextTryMs: nextTry === null ? undefined : toInt64(nextTry, 'time of the next try'),
});

export const mailReportFromWire = ({ server, to, waiting, givenUp, blocked, nextTryMs }: WireReport): MailReport => ({
  server: server ?? null,
  to,
  waiting: waiting.map(mailFromWire),
  givenUp: givenUp.map(mailFromWire),
  blocked: blocked ?? null,
  nextTry: nextTryMs === undefined ? null : fromTime(nextTryMs, 'time of the next try'),
});

export const mailTestToWire = ({ outcome, accepted, refused, answers, ms, server }: MailTest): WireTest => ({
  server,
  outcome: outcomes.toWire(outcome),
  accepted: [...accepted],
  refused: [...refused],
  answers: [...answers],
  ms: finite(ms, 'duration of the test mail'),
});

/** Throws `unsupported` for an outcome of a later version. */
export const mailTestFromWire = ({ outcome, ms, ...rest }: WireTest): MailTest => ({
  ...rest,
  ms: fromDouble(ms, 'duration of the test mail'),
  outcome: known(outcomes.fromWire(outcome), 'outcome of a test mail', outcome),
});

const outcomes = enumCodec<MailOutcome, Outcome>({
  accepted: Outcome.OUTCOME_ACCEPTED,
  refused: Outcome.OUTCOME_REFUSED,
  unreachable: Outcome.OUTCOME_UNREACHABLE,
});

const mailToWire = ({ id, subject, to, at, attempts, lastError }: MailState): WireMail => ({
  id,
  subject,
  to: [...to],
  atMs: toInt64(at, 'time of a mail'),
  attempts: toUint32(attempts, 'attempts of a mail'),
  lastError: lastError ?? undefined,
});

const mailFromWire = ({ atMs, lastError, ...mail }: WireMail): MailState => ({
  ...mail,
  at: fromTime(atMs, 'time of a mail'),
  lastError: lastError ?? null,
});
