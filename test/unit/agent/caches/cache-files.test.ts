import { mkdir, mkdtemp, readdir, realpath, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { asideOf, moveAside, putBack, removeAside } from '../../../../agent/caches/cache-files.js';
import { openFolder } from '../../../../agent/open-folder.js';

const { signal } = new AbortController();

describe('the files of a cache', () => {
  let root: string;
  let cache: string;
  const others = () => readdir(join(root, 'others'), { recursive: true });
  const OTHERS = ['etc', 'passwd', 'etc/ssh', 'etc/ssh/key'];
  beforeEach(async () => {
    root = await realpath(await mkdtemp(join(tmpdir(), 'ctl-cache-files-')));
    cache = join(root, 'cache');
    await mkdir(join(cache, '00', '0A'), { recursive: true });
    await writeFile(join(cache, '00', '0A', '00000001'), 'page');
    await writeFile(join(cache, 'swap.state'), 'list');
    await mkdir(join(root, 'others', 'etc', 'ssh'), { recursive: true });
    await writeFile(join(root, 'others', 'etc', 'ssh', 'key'), 'secret');
    await writeFile(join(root, 'others', 'passwd'), 'root');
  });
  afterEach(() => rm(root, { recursive: true }));

  it('are moved aside, put back, and deleted', async () => {
    const aside = asideOf(cache, 1);
    await moveAside(cache, aside);
    expect(await readdir(cache)).toEqual([basename(aside)]);
    await mkdir(join(cache, '00'));
    await putBack(cache, aside);
    expect((await readdir(cache, { recursive: true })).sort()).toEqual(['00', '00/0A', '00/0A/00000001', 'swap.state']);
    await moveAside(cache, aside);
    await removeAside(cache, signal);
    expect(await readdir(cache)).toEqual([]);
  });

  it('are deleted without anything behind the links that its user put among them', async () => {
    await symlink(join(root, 'others'), join(cache, '.purged-link'));
    await mkdir(join(cache, '.purged-1'));
    await symlink(join(root, 'others'), join(cache, '.purged-1', '00'));
    await symlink(join(root, 'others'), join(cache, '00', '0A', 'in'));
    await moveAside(cache, asideOf(cache, 2));
    await removeAside(cache, signal);
    expect(await readdir(cache)).toEqual([]);
    expect((await others()).sort()).toEqual([...OTHERS].sort());
  });

  it('are not moved to where a link leads, nor fetched from there', async () => {
    const aside = asideOf(cache, 3);
    await symlink(join(root, 'others'), aside);
    const refused = { code: 'denied', message: expect.stringContaining(`${aside} is no folder, but leads elsewhere`) as string };
    await expect(moveAside(cache, aside)).rejects.toMatchObject(refused);
    await expect(putBack(cache, aside)).rejects.toMatchObject(refused);
    expect((await others()).sort()).toEqual([...OTHERS].sort());
  });

  it('are not looked for where a link leads that has come in place of their folder', async () => {
    await rename(cache, join(root, 'before'));
    await symlink(join(root, 'others'), cache);
    await expect(removeAside(cache, signal)).rejects.toMatchObject({ code: 'denied' });
  });

  it.runIf(process.platform === 'linux')('stay in the folder that was opened, whatever its name leads to later', async () => {
    await using folder = await openFolder(cache);
    await rename(cache, join(root, 'before'));
    await symlink(join(root, 'others'), cache);
    await folder.remove('passwd', signal);
    await folder.remove('etc', signal);
    await folder.remove('00', signal);
    expect((await others()).sort()).toEqual([...OTHERS].sort());
    expect(await readdir(join(root, 'before'))).toEqual(['swap.state']);
  });
});
