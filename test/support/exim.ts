import { chmod, chown, copyFile, cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isErrno } from '../../shared/errors.js';
import { unmeasured, type Measured } from '../../shared/model/observation.js';
import { exec } from '../../shared/ports/exec.js';
import { type DebianProgram, findDebianProgram } from './debian-program.js';
import type { Certificate } from './smtp.js';

/** An Exim that can be run here. It wants a user of its own: it gets one in a mount namespace of its own, which root alone can make. */
export async function findExim({ signal }: { readonly signal: AbortSignal }): Promise<Measured<DebianProgram>> {
  const alone = await exec(['unshare', '--mount', 'true'], { timeoutMs: 5000, signal }).catch(() => null);
  if (alone?.code !== 0) return unmeasured('it needs a mount namespace of its own, which only root can make');
  return findDebianProgram(
    {
      // Without its user it says only that it misses him: as good as a version to know that it runs.
      ...{ what: 'Exim', path: 'usr/sbin/exim4', ask: ['-bV'], version: /(?:Exim version |uid for user name ")([\w.-]+)/ },
      ...{ packages: ['exim4-daemon-light', 'exim4-base', 'libidn12', 'libdb5.3'], fromPath: false },
    },
    signal,
  );
}

export interface EximOptions {
  readonly exim: DebianProgram;
  readonly folder: string;
  readonly port: number;
  readonly certificate: Certificate;
  /** Who may send: `ctl:password`, after STARTTLS. */
  readonly login: string;
  /** Local parts of those who get mail at example.org. */
  readonly users: readonly string[];
}

/** Writes what it needs into the folder; answers the command that runs it in the foreground. */
export async function prepareExim({ exim, folder, port, certificate, login, users }: EximOptions): Promise<readonly [string, ...string[]]> {
  const [user, password] = login.split(':');
  const at = (name: string) => join(folder, name);
  for (const name of ['spool', 'mail']) await own(mkdir(at(name)), at(name));
  for (const [name, text] of [
    ['cert.pem', certificate.cert],
    ['key.pem', certificate.key],
  ] as const)
    await own(writeFile(at(name), text), at(name));
  await chmod(folder, 0o755);
  // It starts itself again as its own user, who cannot read our cache.
  for (const part of ['usr/sbin/exim4', 'usr/lib']) await cp(join(exim.root, part), join(folder, 'root', part), { recursive: true });
  await copyFile(exim.exe, at('exim4'));
  for (const [name, line] of [
    ['passwd', `Debian-exim:x:${ID}:${ID}::/nonexistent:/usr/sbin/nologin`],
    ['group', `Debian-exim:x:${ID}:`],
  ] as const) {
    await copyFile(join('/etc', name), at(name));
    const known = await readFile(at(name), 'utf8');
    await writeFile(at(name), `${known.replaceAll(/^Debian-exim:.*\n/gm, '')}${line}\n`);
  }
  await writeFile(
    at('exim.conf'),
    `primary_hostname = mail.example.org
exim_path = ${at('exim4')}
deliver_drop_privilege
notifier_socket =
spool_directory = ${at('spool')}
log_file_path = ${at('spool')}/%slog
pid_file_path = ${at('spool')}/exim.pid
never_users =
keep_environment =
daemon_smtp_ports = ${port}
local_interfaces = 127.0.0.1
tls_advertise_hosts = *
tls_certificate = ${at('cert.pem')}
tls_privatekey = ${at('key.pem')}
auth_advertise_hosts = \${if eq{$tls_in_cipher}{}{}{*}}
acl_smtp_rcpt = rcpt
acl_smtp_data = accept
begin acl
rcpt:
  deny message = authentication required
       !authenticated = *
  accept domains = example.org
         local_parts = ${users.join(' : ')}
  deny message = no such user
begin routers
all:
  driver = accept
  transport = box
begin transports
box:
  driver = appendfile
  file = ${at('mail')}/all
  envelope_to_add
  user = Debian-exim
begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  server_prompts = :
  server_condition = \${if and{{eq{$auth2}{${user ?? ''}}}{eq{$auth3}{${password ?? ''}}}}}
  server_set_id = $auth2
`,
  );
  const inside = `mount --bind ${at('passwd')} /etc/passwd && mount --bind ${at('group')} /etc/group && exec ${at('exim4')} -bdf -q1m -C ${at('exim.conf')}`;
  return ['unshare', '--mount', 'sh', '-c', inside];
}

/** Of the user that Debian builds it for; nobody else's here. */
const ID = 64_999;

async function own(made: Promise<unknown>, path: string): Promise<void> {
  await made;
  await chown(path, ID, ID);
}

/** The mails that a user of it got, as they lie in the box of all. */
export async function mailboxOf(folder: string, user: string): Promise<string[]> {
  const box = await readFile(join(folder, 'mail', 'all'), 'utf8').catch((error: unknown) => {
    if (isErrno(error, 'ENOENT')) return '';
    throw error;
  });
  return box.split(/^From /m).filter((mail) => mail.includes(`\nEnvelope-to: ${user}@example.org\n`));
}
