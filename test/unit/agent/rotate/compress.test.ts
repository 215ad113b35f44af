import { execFileSync } from 'node:child_process';
import { chmod, mkdtemp, readdir, readFile, realpath, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { compress } from '../../../../agent/rotate/compress.js';

const deps = { signal: new AbortController().signal, onStep: () => undefined };

describe('an archive that is compressed', () => {
  let folder = '';
  const at = (name: string) => join(folder, name);
  beforeEach(async () => {
    folder = await realpath(await mkdtemp(join(tmpdir(), 'ctl-compress-')));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it.each([
    ['gzip', 'event.log.gz', (bytes: Buffer) => gunzipSync(bytes).toString()],
    ['zstd', 'event.log.zst', (bytes: Buffer) => execFileSync('zstd', ['-q', '-d', '-c'], { input: bytes, maxBuffer: 1e8 }).toString()],
  ] as const)('keeps what is in it, and who may read it: %s', async (how, name, unpacked) => {
    const content = 'a line\n'.repeat(200_000);
    await writeFile(at('event.log'), content);
    await chmod(at('event.log'), 0o640);
    expect(await compress(at('event.log'), how, deps)).toBe(at(name));
    expect(unpacked(await readFile(at(name)))).toBe(content);
    expect((await stat(at(name))).mode & 0o777).toBe(0o640);
    expect(await readdir(folder)).toEqual([name]);
  });

  it('is what was archived, and not what a link leads to that somebody put there', async () => {
    await writeFile(at('secret'), 'of root alone');
    await symlink(at('secret'), at('event.log'));
    await expect(compress(at('event.log'), 'gzip', deps)).rejects.toMatchObject({ code: 'denied' });
    expect((await readdir(folder)).sort()).toEqual(['event.log', 'secret']);
  });

  it('takes the file of somebody else for none of its own, though a link has its name', async () => {
    await writeFile(at('event.log'), 'a line\n');
    await writeFile(at('secret'), 'of root alone', { mode: 0o600 });
    await symlink(at('secret'), at('event.log.gz'));
    await expect(compress(at('event.log'), 'gzip', deps)).rejects.toMatchObject({ code: 'denied' });
    expect([await readFile(at('secret'), 'utf8'), (await stat(at('secret'))).mode & 0o777]).toEqual(['of root alone', 0o600]);
    expect(await readFile(at('event.log'), 'utf8')).toBe('a line\n');
  });
});
