import { readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { AppError, messageOf } from '../../shared/errors.js';
import type { CallOptions } from '../../shared/model/agent-api.js';
import type { Exec } from '../../shared/ports/exec.js';
import { writeFileAtomic } from '../../shared/ports/files.js';
import { notDone } from './complaints.js';
import { serversOf, switchServers, type ConfServer } from './haproxy-conf.js';
import { createVerdicts } from './verdicts.js';

/** A server by the names that file and running HAProxy share. */
export interface ServerName {
  readonly section: string;
  readonly name: string;
}

/** The haproxy.cfg of one HAProxy on the disk. */
export interface HaproxyFile {
  servers(): Promise<readonly ConfServer[]>;
  /**
   * Writes what is wanted of these servers, if HAProxy accepts it, and reads it back; the text that it replaces is kept as
   * `FILE.ctl-last-good`. Errors: `not-found`, `config` with HAProxy's own message, `conflict`, `failed`; then nothing is changed.
   */
  write(servers: readonly ServerName[], wanted: 'in' | 'out', options: CallOptions): Promise<void>;
}

export function createHaproxyFile(exec: Exec, spec: { readonly conf: string; readonly exe: string }): HaproxyFile {
  const exe = spec.exe === '' ? 'haproxy' : spec.exe;
  return {
    servers: async () => serversOf(await readText(spec.conf)),
    async write(servers, wanted, options) {
      const path = await realpath(spec.conf).catch((error: unknown) => Promise.reject(unreadable(spec.conf, error)));
      const text = await readText(path);
      const all = serversOf(text);
      const missing = servers.find((server) => !all.some((one) => isSame(one, server)));
      if (missing !== undefined) {
        throw new AppError('not-found', `${path} has no server ${missing.section}/${missing.name}`, {
          hint: 'does `conf` of this balancer name the file that it was started with? A server-template cannot be switched one by one',
        });
      }
      const chosen = (server: ConfServer) => servers.some((one) => isSame(server, one));
      const changed = switchServers(text, chosen, wanted);
      if (changed === text) return;
      // The texts of a roll come again and again.
      await verdicts.accepted([exe, path, changed], () => check(path, changed, (copy) => exec([exe, '-c', '-f', copy], options)));
      if ((await readText(path)) !== text)
        throw new AppError('conflict', `${path} was changed by somebody else meanwhile`, { hint: 'try again' });
      await writeFileAtomic(`${path}.ctl-last-good`, Buffer.from(text, 'latin1'));
      await writeFileAtomic(path, Buffer.from(changed, 'latin1'));
      const wrong = serversOf(await readText(path)).find((server) => chosen(server) && server.enabled !== (wanted === 'in'));
      if (wrong !== undefined) throw notDone(path, wrong.name, wanted, wrong.section);
    },
  };
}

const verdicts = createVerdicts(64);

export const isSame = (a: ServerName, b: ServerName): boolean => a.section === b.section && a.name === b.name;

/** Lets HAProxy judge the new text, in a copy beside the file. */
async function check(path: string, text: string, haproxy: (copy: string) => ReturnType<Exec>): Promise<void> {
  const copy = join(dirname(path), `.${basename(path)}.${process.pid}.ctl-check`);
  try {
    // Never through a link of that name; one that a crash has left makes room.
    await rm(copy, { force: true });
    await writeFile(copy, Buffer.from(text, 'latin1'), { mode: 0o600, flag: 'wx' });
    const { code, signal, stdout, stderr } = await haproxy(copy);
    if (code === 0) return;
    const alerts = `${stderr}${stdout}`.split('\n').filter((line) => line.startsWith('[ALERT]'));
    const said = alerts.slice(0, 3).join('; ').replaceAll(copy, path);
    throw new AppError('config', `HAProxy does not accept ${path}: ${said === '' ? `exit ${code ?? signal ?? '?'}` : said}`, {
      hint: 'nothing was changed; mend the file, then try again',
    });
  } finally {
    await rm(copy, { force: true });
  }
}

/** Latin-1: one character a byte, so that any encoding comes back as it was. */
const readText = (path: string): Promise<string> =>
  readFile(path, 'latin1').catch((error: unknown) => Promise.reject(unreadable(path, error)));

const unreadable = (path: string, error: unknown): AppError =>
  new AppError('config', `cannot read ${path}: ${messageOf(error)}`, { hint: 'see `conf` of this balancer in cluster.ini', cause: error });
