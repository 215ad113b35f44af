import { readFile, realpath, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join } from 'node:path';
import { AppError, messageOf } from '../../shared/errors.js';
import type { CallOptions } from '../../shared/model/agent-api.js';
import type { Exec, ExecResult } from '../../shared/ports/exec.js';
import { writeFileAtomic } from '../../shared/ports/files.js';
import { decode, type ConfSource, type SourceLine } from './pound-conf.js';
import { keywordOf, scanLines } from '../../shared/pound/lines.js';
import { createVerdicts } from './verdicts.js';

/** The pound.cfg of one Pound on the disk, with all that it includes. */
interface PoundFiles {
  read(options: CallOptions): Promise<ConfSource>;
  /**
   * Replaces some files of `source` if Pound accepts the whole with them, and keeps the text that it replaces beside each, as `FILE.ctl-last-good`.
   * `config` with Pound's own message if it does not, `conflict` if somebody wrote one of the files since it was read; then nothing is changed.
   */
  write(source: ConfSource, changed: ReadonlyMap<string, string>, options: CallOptions): Promise<void>;
}

export function createPoundFiles(exec: Exec, spec: { readonly conf: string; readonly exe: string }): PoundFiles {
  const exe = spec.exe === '' ? 'pound' : spec.exe;
  const run = (args: readonly string[], options: CallOptions) =>
    exec([exe, ...args], { timeoutMs: options.timeoutMs, signal: options.signal });

  /** Where Pound looks for relative names if the file does not say: a folder fixed when it was built. */
  const builtInFolder = async (options: CallOptions): Promise<string> => {
    const { stdout } = await run(['-V'], options);
    const folder = /^Include directory:\s*(\/.*?)\s*$/m.exec(stdout)?.[1];
    if (folder === undefined)
      throw new AppError('config', `${exe} -V names no include directory`, { hint: 'use absolute paths in Include' });
    return folder;
  };

  const read = async (options: CallOptions): Promise<ConfSource> => {
    const files = new Map<string, string>();
    const includes = new Map<string, string>();
    const lines: SourceLine[] = [];
    let folder: string | undefined;
    const visit = async (name: string, from: readonly string[]): Promise<string> => {
      const path = await realPath(name, from.at(-1));
      if (from.includes(path)) throw new AppError('config', `${path} includes itself`);
      const text = files.get(path) ?? (await readText(path));
      files.set(path, text);
      for (const line of scanLines(text)) {
        const arg = line.words[1];
        const keyword = keywordOf(line);
        if (keyword === 'includedir' && arg !== undefined) folder = decode(arg.text);
        if (keyword !== 'include' || arg === undefined) lines.push({ ...line, file: path });
        else {
          const included = decode(arg.text);
          if (!isAbsolute(included)) folder ??= await builtInFolder(options);
          includes.set(arg.text, await visit(isAbsolute(included) ? included : join(folder ?? '', included), [...from, path]));
        }
      }
      return path;
    };
    return { path: await visit(spec.conf, []), files, includes, lines };
  };

  return {
    read,
    async write(source, changed, options) {
      const texts = [...source.files].map(([path, text]) => `${path}\0${changed.get(path) ?? text}`);
      // The texts of a roll come again and again: what this Pound has accepted once it accepts again.
      await verdicts.accepted([await identityOf(exe), ...texts], () => check(source, changed, (path) => run(['-c', '-f', path], options)));
      for (const path of changed.keys()) {
        if ((await readText(path)) !== source.files.get(path))
          throw new AppError('conflict', `${path} was changed by somebody else meanwhile`, { hint: 'try again' });
      }
      for (const [path, text] of changed) {
        await writeFileAtomic(`${path}.ctl-last-good`, Buffer.from(source.files.get(path) ?? '', 'latin1'));
        await writeFileAtomic(path, Buffer.from(text, 'latin1'));
      }
    },
  };
}

const verdicts = createVerdicts(64);

/** Of the program as it is now: another Pound judges anew. '' if it is found on PATH. */
async function identityOf(exe: string): Promise<string> {
  if (!isAbsolute(exe)) return '';
  const { mtimeMs, size, ino } = await stat(exe).catch((error: unknown) => Promise.reject(unreadable(exe, undefined, error)));
  return `${exe} ${mtimeMs} ${size} ${ino}`;
}

/**
 * Lets Pound judge the new text before any file is touched: copies of the changed files, and of those that include them, lie beside the originals
 * while it reads them.
 */
async function check(
  source: ConfSource,
  changed: ReadonlyMap<string, string>,
  pound: (path: string) => Promise<ExecResult>,
): Promise<void> {
  const copies = new Map<string, string>();
  const copyOf = async (path: string): Promise<string> => {
    const known = copies.get(path);
    if (known !== undefined) return known;
    const before = source.files.get(path) ?? '';
    const text = await withIncludes(changed.get(path) ?? before);
    if (text === before && path !== source.path) return path;
    const copy = join(dirname(path), `.${basename(path)}.${process.pid}.ctl-check`);
    copies.set(path, copy);
    // Never through a link of that name; one that a crash has left makes room.
    await rm(copy, { force: true });
    await writeFile(copy, Buffer.from(text, 'latin1'), { mode: 0o600, flag: 'wx' });
    return copy;
  };
  /** The text, naming the copies of what it includes. From the last line up, so that offsets stay good. */
  const withIncludes = async (text: string): Promise<string> => {
    let result = text;
    for (const line of scanLines(text).toReversed()) {
      const arg = line.words[1];
      const target = keywordOf(line) === 'include' ? source.includes.get(arg?.text ?? '') : undefined;
      if (arg === undefined || target === undefined) continue;
      const copy = await copyOf(target);
      if (copy !== target)
        result = `${result.slice(0, arg.start)}"${Buffer.from(copy, 'utf8').toString('latin1')}"${result.slice(arg.end)}`;
    }
    return result;
  };
  try {
    const result = await pound(await copyOf(source.path));
    if (result.code === 0) return;
    const said = `${result.stderr}${result.stdout}`.trim().split('\n').slice(0, 3).join('; ');
    const message = [...copies].reduce((text, [original, copy]) => text.replaceAll(copy, original), said);
    throw new AppError(
      'config',
      `Pound does not accept ${source.path}: ${message === '' ? `exit ${result.code ?? result.signal ?? '?'}` : message}`,
      {
        hint: 'nothing was changed; mend the file, then try again',
      },
    );
  } finally {
    for (const copy of copies.values()) await rm(copy, { force: true });
  }
}

const readText = (path: string): Promise<string> =>
  readFile(path, 'latin1').catch((error: unknown) => Promise.reject(unreadable(path, undefined, error)));

/** A link stays a link: the file that it leads to is the one to read and to replace. */
const realPath = (path: string, includedBy: string | undefined): Promise<string> =>
  realpath(path).catch((error: unknown) => Promise.reject(unreadable(path, includedBy, error)));

function unreadable(path: string, includedBy: string | undefined, error: unknown): AppError {
  const from = includedBy === undefined ? '' : `, which ${includedBy} includes`;
  return new AppError('config', `cannot read ${path}${from}: ${messageOf(error)}`, {
    hint: 'see `conf` of this balancer in cluster.ini',
    cause: error,
  });
}
