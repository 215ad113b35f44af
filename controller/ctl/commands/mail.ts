import type { MailOutcome } from '../../../shared/model/mail.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import { toLine } from '../format/error.js';
import { formatMails, formatMailTest, mailsToJson, mailTestToJson } from '../format/mail.js';
import type { MailInvocation } from '../typed/actions/mail.js';
import type { Connected } from '../session.js';

/** `mail status`, `mail test`. */
export async function mail({ api, deps, options, style, signal }: Connected, { action }: MailInvocation): Promise<number> {
  if (action === 'mail test') {
    const test = await api.testMail(signal);
    const exit = EXIT_OF[test.outcome];
    deps.terminal.out(options.json ? toLine(mailTestToJson(test, exit)) : formatMailTest(test, style));
    return exit;
  }
  const report = await api.mails(signal);
  const stuck = report.blocked !== null || report.waiting.some(({ lastError }) => lastError !== null);
  const exit = report.givenUp.length > 0 ? EXIT.critical : stuck ? EXIT.unreached : EXIT.well;
  deps.terminal.out(options.json ? toLine(mailsToJson(report, exit)) : formatMails(report, style));
  return exit;
}

const EXIT_OF: Readonly<Record<MailOutcome, ExitCode>> = { accepted: EXIT.well, refused: EXIT.critical, unreachable: EXIT.unreached };
