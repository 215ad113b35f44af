import { appendFile, chmod, chown, lstat, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openDurableLog, writeFileAtomic } from '../../../shared/ports/files.js';

let folder = '';
let file = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'files-'));
  file = join(folder, 'file');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe('writeFileAtomic', () => {
  it('replaces a file and leaves nothing beside it', async () => {
    await writeFileAtomic(file, 'one');
    await writeFileAtomic(file, Buffer.from('two'));
    expect(await readFile(file, 'utf8')).toBe('two');
    expect(await readdir(folder)).toEqual(['file']);
  });

  it('keeps the mode of the old file, and gives a new one to its owner alone', async () => {
    await writeFileAtomic(file, 'one');
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    await chmod(file, 0o664);
    await writeFileAtomic(file, 'two');
    expect((await stat(file)).mode & 0o777).toBe(0o664);
  });

  it.runIf(process.getuid?.() === 0)('keeps the owner of the old file', async () => {
    await writeFile(file, 'one');
    await chown(file, 65534, 65534);
    await writeFileAtomic(file, 'two');
    expect(await stat(file)).toMatchObject({ uid: 65534, gid: 65534 });
  });

  it('replaces what a link leads to, not the link', async () => {
    const link = join(folder, 'link');
    await writeFile(file, 'one');
    await symlink('file', link);
    await writeFileAtomic(link, 'two');
    expect((await lstat(link)).isSymbolicLink()).toBe(true);
    expect(await readFile(file, 'utf8')).toBe('two');
  });

  it('leaves nothing behind when it fails', async () => {
    const target = join(folder, 'folder');
    await writeFileAtomic(join(folder, 'other'), '');
    await expect(writeFileAtomic(join(target, 'file'), 'x')).rejects.toMatchObject({ code: 'ENOENT' });
    expect(await readdir(folder)).toEqual(['other']);
  });
});

describe('durable log', () => {
  const lines = async () => (await readFile(file, 'utf8')).split('\n');

  it('writes lines in the order in which they were given', async () => {
    const log = await openDurableLog(file);
    await Promise.all(Array.from({ length: 50 }, (_, n) => log.append(String(n))));
    await log.close();
    expect(await lines()).toEqual([...Array.from({ length: 50 }, (_, n) => String(n)), '']);
  });

  it('goes on where it ended', async () => {
    for (const line of ['one', 'two']) {
      const log = await openDurableLog(file);
      await log.append(line);
      await log.close();
    }
    expect(await lines()).toEqual(['one', 'two', '']);
  });

  it.each(['torn', 'x'.repeat(200_000)])('cuts a line that a crash has torn', async (torn) => {
    await writeFile(file, 'one\n');
    await appendFile(file, torn);
    const log = await openDurableLog(file);
    await log.append('two');
    await log.close();
    expect(await lines()).toEqual(['one', 'two', '']);
  });

  it('cuts the first line too', async () => {
    await writeFile(file, 'torn');
    await (await openDurableLog(file)).close();
    expect(await readFile(file, 'utf8')).toBe('');
  });

  it('writes what is appended before it is closed', async () => {
    const log = await openDurableLog(file);
    const written = log.append('one');
    await log.close();
    await written;
    expect(await lines()).toEqual(['one', '']);
  });
});
