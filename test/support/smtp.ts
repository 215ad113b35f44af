import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';

/** A mail as a server got it. */
export interface ReceivedMail {
  readonly from: string;
  readonly to: readonly string[];
  /** Who had logged in; null: nobody. */
  readonly user: string | null;
  readonly secure: boolean;
  /** By their names in lower case, unfolded. */
  readonly headers: ReadonlyMap<string, string>;
  /** Decoded. */
  readonly text: string;
}

export interface SmtpStandIn {
  readonly port: number;
  readonly mails: readonly ReceivedMail[];
  /** Logins that were tried. */
  readonly logins: readonly string[];
  readonly stop: () => Promise<void>;
}

export interface Certificate {
  readonly key: string;
  readonly cert: string;
  /** The certificate, as a file: it vouches for itself. */
  readonly file: string;
}

/** A certificate for 127.0.0.1 and localhost that nobody else vouches for. */
export async function selfSigned(folder: string): Promise<Certificate> {
  const [key, cert] = [join(folder, 'smtp.key'), join(folder, 'smtp.pem')];
  const names = 'subjectAltName=IP:127.0.0.1,DNS:localhost';
  const request = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '1'];
  await promisify(execFile)('openssl', [...request, '-subj', '/CN=localhost', '-addext', names, '-keyout', key, '-out', cert]);
  return { key: await readFile(key, 'utf8'), cert: await readFile(cert, 'utf8'), file: cert };
}

export interface SmtpScript extends Pick<SMTPServerOptions, 'secure' | 'disabledCommands' | 'onMailFrom' | 'onRcptTo'> {
  readonly certificate?: Certificate;
  /** `user:password` that is let in; without it nobody has to log in, and nobody can. */
  readonly login?: string;
  /** Answer to the nth mail, from 0, instead of taking it: `451 not now`. */
  readonly refuse?: (nth: number) => string | null;
  /** 0: of the system's choice. */
  readonly port?: number;
}

/** An SMTP server that takes every mail, but for what its script says. */
export async function startSmtp(script: SmtpScript = {}): Promise<SmtpStandIn> {
  const { certificate, login, refuse = () => null, port = 0, ...options } = script;
  const mails: ReceivedMail[] = [];
  const logins: string[] = [];
  let offered = 0;
  const server = new SMTPServer({
    ...options,
    ...(certificate === undefined ? {} : { key: certificate.key, cert: certificate.cert }),
    disabledCommands: [
      ...(options.disabledCommands ?? []),
      ...(login === undefined ? ['AUTH'] : []),
      ...(certificate === undefined ? ['STARTTLS'] : []),
    ],
    authOptional: login === undefined,
    closeTimeout: 100,
    logger: false,
    onAuth(auth, _session, done) {
      logins.push(`${auth.username ?? ''}:${auth.password ?? ''}`);
      if (logins.at(-1) === login) done(null, { user: auth.username });
      else done(Object.assign(new Error('5.7.8 bad credentials'), { responseCode: 535 }));
    },
    onData(stream, session, done) {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        const refusal = refuse(offered++);
        if (refusal !== null) {
          done(Object.assign(new Error(refusal.slice(4)), { responseCode: Number(refusal.slice(0, 3)) }));
          return;
        }
        const { mailFrom, rcptTo } = session.envelope;
        const { headers, text } = parse(Buffer.concat(chunks).toString('utf8'));
        const user = typeof session.user === 'string' ? session.user : null;
        const from = mailFrom === false ? '' : mailFrom.address;
        mails.push({ from, to: rcptTo.map(({ address }) => address), user, secure: session.secure, headers, text });
        done();
      });
    },
  });
  server.on('error', () => undefined);
  await new Promise<void>((resolve, reject) => {
    server.server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  return {
    port: (server.server.address() as AddressInfo).port,
    mails,
    logins,
    stop: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

/** What a server says to the nth thing that it hears, the greeting first: an answer, `hang` or `close`. */
export type Reply = (heard: string, nth: number) => string;

export interface RudeSmtp {
  readonly port: number;
  readonly heard: readonly string[];
  readonly stop: () => Promise<void>;
}

/** A server that keeps to no protocol but its replies. */
export async function startRudeSmtp(reply: Reply): Promise<RudeSmtp> {
  const heard: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    let nth = 0;
    const answer = (line: string) => {
      const said = reply(line, nth++);
      if (said === 'close') socket.destroy();
      else if (said !== 'hang') socket.write(`${said}\r\n`);
    };
    socket.on('error', () => undefined);
    socket.setEncoding('utf8').on('data', (text: string) => {
      for (const line of text.split('\r\n').filter((one) => one !== '')) {
        heard.push(line);
        answer(line);
      }
    });
    answer('');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    heard,
    stop() {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

/** The parts of a mail of ours: one part, in one of three encodings. */
function parse(raw: string): Pick<ReceivedMail, 'headers' | 'text'> {
  const [head = '', ...rest] = raw.split('\r\n\r\n');
  const body = rest.join('\r\n\r\n');
  const headers = new Map(
    head
      .replaceAll(/\r\n[ \t]+/g, ' ')
      .split('\r\n')
      .map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()] as const),
  );
  return { headers, text: decode(body, headers.get('content-transfer-encoding') ?? '7bit').replaceAll('\r\n', '\n') };
}

function decode(body: string, encoding: string): string {
  if (encoding === 'base64') return Buffer.from(body, 'base64').toString('utf8');
  if (encoding !== 'quoted-printable') return body;
  const bytes = body
    .replaceAll('=\r\n', '')
    .replaceAll(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(bytes, 'latin1').toString('utf8');
}
