import { mkdtemp, readFile, readdir, realpath, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createPoundFiles } from '../../../../agent/balancers/pound-files.js';
import { backendsOf, switchBackends } from '../../../../agent/balancers/pound-switch.js';
import { parseConf } from '../../../../agent/balancers/pound-conf.js';
import type { Exec, ExecResult } from '../../../../shared/ports/exec.js';

let folder: string;
beforeEach(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'ctl-pound-files-')));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const options = { signal: new AbortController().signal, timeoutMs: 5000 };
const ended = (result: Partial<ExecResult>): ExecResult => ({ code: 0, signal: null, stdout: '', stderr: '', truncated: false, ...result });
const at = (name: string) => join(folder, name);
const backend = (port: number) => `BackEnd\n Address 10.0.0.1\n Port ${port}\nEnd\n`;

/** A Pound that answers `-V`, and lets `check` judge the file of `-c -f FILE`. */
const pound =
  (check: (path: string) => Promise<ExecResult> | ExecResult): Exec =>
  async (argv) =>
    argv[1] === '-V' ? ended({ stdout: `Include directory:          ${folder}\n` }) : check(argv.at(-1) ?? '');

/** Reads the file that it is given with all that it includes, as Pound would. */
const flatten = async (path: string): Promise<string> => {
  let text = '';
  for (const line of (await readFile(path, 'utf8')).split('\n')) {
    const included = /^\s*Include "(.*)"/.exec(line)?.[1];
    text += included === undefined ? `${line}\n` : await flatten(included.startsWith('/') ? included : at(included));
  }
  return text;
};

const conf = (exec: Exec) => createPoundFiles(exec, { conf: at('pound.cfg'), exe: 'pound' });

describe('files that include others', () => {
  beforeEach(async () => {
    await writeFile(at('pound.cfg'), `Service\n Include "a.inc"\n Include "${at('b.inc')}"\nEnd\n`, { mode: 0o640 });
    await writeFile(at('a.inc'), backend(1) + 'Include "c.inc"\n');
    await writeFile(at('b.inc'), backend(2));
    await writeFile(at('c.inc'), backend(3));
  });

  it('are judged by copies that go through no link, and replace what a crash has left', async () => {
    await writeFile(at('secret'), 'of somebody else');
    await symlink(at('secret'), at(`.c.inc.${process.pid}.ctl-check`));
    const files = conf(pound(() => ended({})));
    const source = await files.read(options);
    await files.write(
      source,
      switchBackends(source, (b) => b.port === '3', 'out'),
      options,
    );
    expect(await readFile(at('secret'), 'utf8')).toBe('of somebody else');
  });

  it('are read as one, relative names from the folder that Pound was built with', async () => {
    const source = await conf(pound(() => ended({}))).read(options);
    expect(backendsOf(parseConf(source)).map((b) => b.port)).toEqual(['1', '3', '2']);
    expect([...source.files.keys()]).toEqual(['pound.cfg', 'a.inc', 'c.inc', 'b.inc'].map(at));
  });

  it('are read from the folder that IncludeDir names, if there is one', async () => {
    await writeFile(at('pound.cfg'), `IncludeDir "${folder}"\nService\n Include "a.inc"\nEnd\n`);
    const without: Exec = () => Promise.reject(new Error('not to be asked'));
    expect([...(await conf(without).read(options)).files.keys()]).toEqual(['pound.cfg', 'a.inc', 'c.inc'].map(at));
  });

  it('the one that holds the stanza changes, after Pound has read the whole with the change', async () => {
    const judged: string[] = [];
    const files = conf(
      pound(async (path) => {
        judged.push(await flatten(path));
        return ended({});
      }),
    );
    const before = await Promise.all(['pound.cfg', 'a.inc', 'b.inc'].map((name) => readFile(at(name), 'utf8')));
    const source = await files.read(options);
    await files.write(
      source,
      switchBackends(source, (b) => b.port === '3', 'out'),
      options,
    );
    expect(judged).toEqual([await flatten(at('pound.cfg'))]);
    expect(judged[0]).toContain(' Port 3\n Disabled 1\nEnd');
    expect(await readFile(at('c.inc'), 'utf8')).toBe(backend(3).replace('3\n', '3\n Disabled 1\n'));
    expect(await Promise.all(['pound.cfg', 'a.inc', 'b.inc'].map((name) => readFile(at(name), 'utf8')))).toEqual(before);
    expect(await readFile(at('c.inc.ctl-last-good'), 'utf8')).toBe(backend(3));
    expect((await readdir(folder)).filter((name) => name.includes('check') || name.includes('tmp'))).toEqual([]);
  });

  it('a check that fails changes nothing, leaves nothing behind, and names the file that the operator knows', async () => {
    const files = conf(pound((path) => ended({ code: 1, stderr: `pound: ${path}:3.1-4: unrecognized keyword\n` })));
    const source = await files.read(options);
    const before = await readdir(folder);
    await expect(
      files.write(
        source,
        switchBackends(source, () => true, 'out'),
        options,
      ),
    ).rejects.toMatchObject({
      code: 'config',
      message: `Pound does not accept ${at('pound.cfg')}: pound: ${at('pound.cfg')}:3.1-4: unrecognized keyword`,
    });
    expect(await readdir(folder)).toEqual(before);
    expect(await readFile(at('b.inc'), 'utf8')).toBe(backend(2));
  });

  it('a file that includes itself, and one that is not there, are errors that say so', async () => {
    await writeFile(at('c.inc'), 'Include "a.inc"\n');
    await expect(conf(pound(() => ended({}))).read(options)).rejects.toMatchObject({
      code: 'config',
      message: `${at('a.inc')} includes itself`,
    });
    await rm(at('b.inc'));
    await writeFile(at('c.inc'), '');
    await expect(conf(pound(() => ended({}))).read(options)).rejects.toMatchObject({
      code: 'config',
      message: expect.stringContaining(`cannot read ${at('b.inc')}, which ${at('pound.cfg')} includes`) as string,
    });
  });
});

describe('the file that is replaced', () => {
  it('keeps its mode, the bytes of its own encoding, and the link that leads to it', async () => {
    const text = Buffer.from(`# caf\xe9 \x00\nService\n${backend(1)}End\n`, 'latin1');
    await writeFile(at('real.cfg'), text, { mode: 0o640 });
    await symlink(at('real.cfg'), at('pound.cfg'));
    const files = conf(pound(() => ended({})));
    const source = await files.read(options);
    await files.write(
      source,
      switchBackends(source, () => true, 'out'),
      options,
    );
    expect(await realpath(at('pound.cfg'))).toBe(at('real.cfg'));
    expect((await stat(at('real.cfg'))).mode & 0o777).toBe(0o640);
    expect((await readFile(at('real.cfg'), 'latin1')).replace(' Disabled 1\n', '')).toBe(text.toString('latin1'));
  });

  it('is left alone if somebody else wrote it meanwhile', async () => {
    await writeFile(at('pound.cfg'), `Service\n${backend(1)}End\n`);
    const files = conf(
      pound(async () => {
        await writeFile(at('pound.cfg'), '# theirs\n');
        return ended({});
      }),
    );
    const source = await files.read(options);
    await expect(
      files.write(
        source,
        switchBackends(source, () => true, 'out'),
        options,
      ),
    ).rejects.toMatchObject({ code: 'conflict' });
    expect(await readFile(at('pound.cfg'), 'utf8')).toBe('# theirs\n');
  });
});
