import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readIdentityFile, writeIdentityFile } from '../../../../shared/pki/identity-file.js';
import { anAuthority, certifiedBy } from '../../../support/forged.js';

describe('the file of an identity', () => {
  let folder: string;
  let file: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ctl-identity-'));
    file = join(folder, 'new', 'identity.pem');
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('is read as it was written, and is there for its user alone', async () => {
    const certified = await certifiedBy(await anAuthority());
    const second = await anAuthority();
    const both = { ...certified, authorities: [...certified.authorities, second.certificate] };
    await writeIdentityFile(file, both);
    const read = await readIdentityFile(file);
    expect(read?.own.key.trim()).toBe(both.own.key.trim());
    expect(read?.own.certificate.trim()).toBe(both.own.certificate.trim());
    expect(read?.authorities.map((pem) => pem.trim())).toEqual(both.authorities.map((pem) => pem.trim()));
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect((await stat(join(folder, 'new'))).mode & 0o777).toBe(0o700);
  });

  it('may be missing', async () => {
    expect(await readIdentityFile(file)).toBe(null);
  });

  it('is not used when others can read the key', async () => {
    await writeIdentityFile(file, await certifiedBy(await anAuthority()));
    await chmod(file, 0o640);
    await expect(readIdentityFile(file)).rejects.toMatchObject({
      code: 'config',
      message: `${file} holds a private key, and others can read it (mode 640)`,
      hint: expect.stringContaining(`chmod 600 ${file}`) as string,
    });
  });

  it.each([
    ['the key is missing', (text: string) => text.slice(text.indexOf('-----BEGIN CERT'))],
    ['the certificates are missing', (text: string) => text.slice(0, text.indexOf('-----BEGIN CERT'))],
    ['it was cut', (text: string) => text.slice(0, 300)],
    ['it is empty', () => ''],
  ])('is told to be damaged when %s', async (_, damage) => {
    await writeIdentityFile(file, await certifiedBy(await anAuthority()));
    await writeFile(file, damage(await readFile(file, 'utf8')));
    await expect(readIdentityFile(file)).rejects.toMatchObject({
      code: 'config',
      message: `${file} is damaged: it holds no key with its certificate`,
    });
  });

  it('is told to be damaged when the key is that of another certificate', async () => {
    const authority = await anAuthority();
    const [mine, other] = [await certifiedBy(authority), await certifiedBy(authority)];
    await writeIdentityFile(file, { ...mine, own: { ...mine.own, key: other.own.key } });
    await expect(readIdentityFile(file)).rejects.toMatchObject({ code: 'config' });
  });
});
