import type { MailConfig } from '../config/cluster.js';

/** What is said between us and an SMTP server; the password is in none of it. */
export interface Dialogue {
  /** For the one who talks. */
  readonly logger: { debug(entry: unknown, message?: unknown): void };
  /** Each answer of the server, its lines as they came. */
  answers(): readonly string[];
  /** The server has let us in, and a mail was offered to it. */
  offered(): boolean;
  /** A foreign text without the password, should a server repeat it. */
  clean(text: string): string;
}

export function createDialogue(login: MailConfig['login']): Dialogue {
  const answers: string[] = [];
  const secrets = login === null ? [] : formsOf(login.user, login.password.reveal());
  let offered = false;
  const clean = (text: string) => secrets.reduce((before, secret) => before.replaceAll(secret, '[redacted]'), text);
  return {
    logger: {
      debug(entry, message) {
        if (typeof message !== 'string' || typeof entry !== 'object' || entry === null || !('tnx' in entry)) return;
        if (entry.tnx === 'server') answers.push(clean(message.replaceAll('\r', '')));
        else if (entry.tnx === 'client' && /^MAIL FROM:/i.test(message)) offered = true;
      },
    },
    answers: () => answers,
    offered: () => offered,
    clean,
  };
}

/** A password as it can come back: as it is, and as the two ways of AUTH encode it. */
function formsOf(user: string, password: string): string[] {
  if (password === '') return [];
  const base64 = (text: string) => Buffer.from(text, 'utf8').toString('base64');
  return [password, base64(password), base64(`\u0000${user}\u0000${password}`)];
}
