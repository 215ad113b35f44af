import { execFile as execFileCallback } from 'node:child_process';
import { mkdir, mkdtemp, open, realpath, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openAllowed } from '../../../agent/logs/searched-log.js';
import { openedPath, requireOpened } from '../../../agent/opened-path.js';
import { compress } from '../../../agent/rotate/compress.js';
import { createDraft } from '../../../agent/rotate/draft.js';
import { readPidFile } from '../../../agent/services/pid-file.js';
import { AppError } from '../../../shared/errors.js';

const execFile = promisify(execFileCallback);

describe.runIf(process.platform === 'linux')('what was opened', () => {
  let root: string;
  const at = (...names: string[]) => join(root, ...names);
  beforeEach(async () => {
    root = await realpath(await mkdtemp(join(tmpdir(), 'ctl-opened-')));
    await mkdir(at('allowed', 'log'), { recursive: true });
    await mkdir(at('secret'));
    await writeFile(at('allowed', 'log', 'event.log'), 'a line\n');
    await writeFile(at('secret', 'event.log'), 'a secret\n');
  });
  afterEach(() => rm(root, { recursive: true }));

  /** Lets pass what is below `allowed`; after its first look somebody puts a link where the folder of the log was. */
  const racing = () => {
    let looked = false;
    return {
      async allowed(path: string) {
        const real = await realpath(path);
        if (!real.startsWith(at('allowed'))) throw new AppError('denied', `agent.ini does not allow the path ${real}`);
        if (!looked) {
          looked = true;
          await rename(at('allowed', 'log'), at('allowed', 'before'));
          await symlink(at('secret'), at('allowed', 'log'));
        }
        return real;
      },
    };
  };

  it('is looked at once more: a log that a link leads away from, after it was allowed, is not read', async () => {
    await expect(openAllowed(racing(), at('allowed', 'log', 'event.log'))).rejects.toMatchObject({
      code: 'denied',
      message: `agent.ini does not allow the path ${at('secret', 'event.log')}`,
    });
  });

  it('is read where nobody came in between', async () => {
    const allowed = async (path: string) => path;
    const log = await openAllowed({ allowed }, at('allowed', 'log', 'event.log'));
    expect(await log.handle.readFile('utf8')).toBe('a line\n');
    await log.handle.close();
  });

  it('is no pipe that somebody has put there: nobody waits for its other end', async () => {
    const pipe = at('allowed', 'log', 'pipe');
    await execFile('mkfifo', [pipe]);
    await expect(openAllowed({ allowed: async (path) => path }, pipe)).rejects.toMatchObject({ message: `${pipe} is not a file` });
    expect(await readPidFile(pipe)).toEqual({ kind: 'unreadable', path: pipe, why: 'it is not a file' });
    await expect(compress(pipe, 'gzip', { signal: AbortSignal.timeout(20_000), onStep: () => undefined })).rejects.toMatchObject({
      message: `${pipe} is not a file`,
    });
  });

  it('is told by where it lies, also when it has been renamed or removed since', async () => {
    const file = await open(at('allowed', 'log', 'event.log'));
    await rename(at('allowed', 'log', 'event.log'), at('allowed', 'log', 'event.log.1'));
    expect(await openedPath(file, 'x')).toBe(at('allowed', 'log', 'event.log.1'));
    await rm(at('allowed', 'log', 'event.log.1'));
    expect(await openedPath(file, 'x')).toBe(at('allowed', 'log', 'event.log.1'));
    await file.close();
  });

  it('is not written to when a folder on its way has become a link', async () => {
    await rename(at('allowed', 'log'), at('allowed', 'before'));
    await symlink(at('secret'), at('allowed', 'log'));
    const path = at('allowed', 'log', 'event.log');
    const file = await open(path, 'r+');
    await expect(requireOpened(file, path)).rejects.toMatchObject({
      code: 'denied',
      message: `${path} leads to ${at('secret', 'event.log')}: nothing was done with it`,
    });
    await file.close();
  });

  it('keeps an archive out of a folder that a link leads to', async () => {
    await symlink(at('secret'), at('allowed', '2026'));
    const like = { mode: 0o600, uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
    await expect(createDraft(at('allowed', '2026', 'part'), like)).rejects.toMatchObject({ code: 'denied' });
    await expect(open(at('secret', 'part'))).rejects.toMatchObject({ code: 'ENOENT' });
  });
});
