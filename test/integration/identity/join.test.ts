import 'reflect-metadata';
import type { webcrypto } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join as joinPath } from 'node:path';
import * as x509 from '@peculiar/x509';
import { describe, expect, it } from 'vitest';
import { readCertificate } from '../../../shared/pki/certificate.js';
import { openChannel } from '../../../shared/rpc/client.js';
import { join } from '../../../shared/rpc/join.js';
import { IdentityDefinition } from '../../../shared/wire/definitions.js';
import { soon } from '../../contract/agent-api/linked.js';
import { startSecured } from '../../support/secured.js';

const SPENT = { code: 'denied', message: 'this token is not known: it was spent, or was never made here' };

describe('joining', () => {
  it('gets a certificate for whom the token is, by the authority of the fingerprint', async () => {
    await using controller = await startSecured();
    const joined = await join(await controller.invite('--operator', 'alice', '--role', 'viewer'), soon());
    const certificate = readCertificate(joined.own.certificate);
    const [authority = ''] = joined.authorities;
    expect(joined.member).toEqual({ kind: 'operator', name: 'alice', role: 'viewer' });
    expect(certificate.identity).toEqual(joined.member);
    expect(certificate.isIssuedBy(readCertificate(authority))).toBe(true);
    expect((certificate.notAfter - Date.now()) / 86_400_000).toBeCloseTo(90, 0);
  });

  it('keeps the keys of the controller for its user alone, and of a token only a hash', async () => {
    await using controller = await startSecured();
    const { token } = await controller.invite('--agent', 'web1');
    const files = (await readdir(controller.folder, { recursive: true, withFileTypes: true })).map((entry) => ({
      path: joinPath(entry.parentPath, entry.name),
      folder: entry.isDirectory(),
    }));
    expect((await stat(controller.folder)).mode & 0o777).toBe(0o700);
    for (const { path, folder } of files) expect([path, (await stat(path)).mode & 0o777]).toEqual([path, folder ? 0o700 : 0o600]);
    const secret = token.split('.')[1] ?? '';
    const kept = await Promise.all(files.filter(({ folder }) => !folder).map(({ path }) => readFile(path, 'utf8')));
    expect(kept.some((text) => text.includes(secret))).toBe(false);
  });

  it('takes a token once', async () => {
    await using controller = await startSecured();
    const invitation = await controller.invite('--agent', 'web1');
    await join(invitation, soon());
    await expect(join(invitation, soon())).rejects.toMatchObject(SPENT);
  });

  it('takes a token once, whoever comes at the same time', async () => {
    await using controller = await startSecured();
    const invitation = await controller.invite('--agent', 'web1');
    const answers = await Promise.allSettled(Array.from({ length: 8 }, () => join(invitation, soon())));
    expect(answers.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  it('takes no token whose time is over', async () => {
    let ahead = 0;
    await using controller = await startSecured({ aheadMs: () => ahead });
    const invitation = await controller.invite('--agent', 'web1', '--ttl', '10m');
    ahead = 600_000;
    await expect(join(invitation, soon())).rejects.toMatchObject({
      code: 'denied',
      message: expect.stringMatching(/^the token expired at /) as string,
      hint: 'make a new one: `ctl-controller token create`',
    });
  });

  it('forgets a token after five wrong guesses', async () => {
    await using controller = await startSecured();
    const invitation = await controller.invite('--agent', 'web1');
    const [id = ''] = invitation.token.split('.');
    for (let guess = 0; guess < 5; guess++)
      await expect(join({ ...invitation, token: `${id}.guess${guess}` }, soon())).rejects.toMatchObject(SPENT);
    await expect(join(invitation, soon())).rejects.toMatchObject(SPENT);
  });

  it('says once a minute who guesses', async () => {
    await using controller = await startSecured();
    const { token, ...invitation } = await controller.invite('--agent', 'web1');
    for (let guess = 0; guess < 10; guess++)
      await expect(join({ ...invitation, token: `${token.slice(0, 17)}${guess}` }, soon())).rejects.toMatchObject(SPENT);
    const told = controller.logged.lines.filter(({ level }) => level === 'warn');
    expect(told.map(({ msg }) => msg)).toEqual([expect.stringMatching(/^a token from 127\S+ was refused$/)]);
  });

  it('leaves no warning in the log of the controller when all is well', async () => {
    await using controller = await startSecured();
    for (const name of ['web1', 'web2', 'web3']) await controller.member('--agent', name);
    await expect(join({ ...(await controller.invite('--agent', 'web4')), fingerprint: 'ab'.repeat(32) }, soon())).rejects.toMatchObject({
      code: 'denied',
    });
    expect(controller.logged.lines.filter(({ level }) => level === 'warn')).toEqual([]);
  });

  it('still takes it after four', async () => {
    await using controller = await startSecured();
    const invitation = await controller.invite('--agent', 'web1');
    const [id = ''] = invitation.token.split('.');
    for (let guess = 0; guess < 4; guess++)
      await expect(join({ ...invitation, token: `${id}.guess${guess}` }, soon())).rejects.toMatchObject(SPENT);
    await expect(join(invitation, soon())).resolves.toMatchObject({ member: { name: 'web1' } });
  });

  it('does not spend a token on a host with another name', async () => {
    await using controller = await startSecured();
    const invitation = await controller.invite('--agent', 'web1');
    await expect(join({ ...invitation, name: 'web2' }, soon())).rejects.toMatchObject({
      code: 'denied',
      message: 'the token is for web1, and this host is called web2',
    });
    await expect(join({ ...invitation, name: 'web1' }, soon())).resolves.toMatchObject({ member: { name: 'web1' } });
  });

  it('sends nothing to a controller with another authority than the one of the command', async () => {
    await using meant = await startSecured();
    await using other = await startSecured();
    const invitation = await meant.invite('--agent', 'web1');
    await expect(join({ ...invitation, address: other.address }, soon())).rejects.toMatchObject({
      code: 'denied',
      message: expect.stringContaining('is not the one of the command: its fingerprint is') as string,
      hint: expect.stringMatching(/^nothing was sent/) as string,
    });
    expect(other.logged.lines.filter(({ msg }) => msg.includes('token'))).toEqual([]);
    await expect(join(invitation, soon())).resolves.toMatchObject({ member: { name: 'web1' } });
  });

  it('takes the name from the token, whatever the request for the certificate says', async () => {
    await using controller = await startSecured();
    const { token } = await controller.invite('--agent', 'web1');
    const [authority = ''] = (await controller.member('--agent', 'web9')).authorities;
    const keys = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign', 'verify']);
    const forged = await x509.Pkcs10CertificateRequestGenerator.create({
      name: 'CN=root',
      keys,
      signingAlgorithm: { name: 'ECDSA', hash: 'SHA-256' },
      extensions: [new x509.SubjectAlternativeNameExtension([{ type: 'url', value: 'ctl://controller' }])],
    });
    const channel = await openChannel(controller.address, { authorities: [authority], own: null });
    try {
      const { certificate } = await channel
        .client(IdentityDefinition)
        .join({ token, request: Buffer.from(forged.rawData), name: '', kind: 'agent' });
      expect(readCertificate(certificate).identity).toEqual({ kind: 'agent', name: 'web1' });
    } finally {
      channel.close();
    }
  });

  it.each([
    ['garbage', async () => Buffer.from('garbage')],
    [
      'an RSA key',
      () => requestWith({ name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256', modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]) }),
    ],
    ['a key on another curve', () => requestWith({ name: 'ECDSA', namedCurve: 'P-384', hash: 'SHA-384' })],
  ])('certifies nothing for %s', async (_, make) => {
    await using controller = await startSecured();
    const { token } = await controller.invite('--agent', 'web1');
    const [authority = ''] = (await controller.member('--agent', 'web9')).authorities;
    const channel = await openChannel(controller.address, { authorities: [authority], own: null });
    try {
      await expect(
        channel.client(IdentityDefinition).join({ token, request: await make(), name: '', kind: 'agent' }),
      ).rejects.toMatchObject({
        code: 'usage',
        message: 'the request for a certificate cannot be read',
      });
    } finally {
      channel.close();
    }
  });

  it('cuts off whoever had the name of an agent before, and nobody else', async () => {
    await using controller = await startSecured();
    const first = await controller.member('--agent', 'web1');
    const alice = await controller.member('--operator', 'alice');
    const again = await controller.member('--agent', 'web1');
    await controller.member('--operator', 'alice');
    const asked = async (who: typeof first) => {
      const channel = await openChannel(controller.address, who);
      try {
        return await channel.client(IdentityDefinition).authorities({});
      } finally {
        channel.close();
      }
    };
    await expect(asked(first)).rejects.toMatchObject({
      code: 'denied',
      message: 'another host has joined as agent web1 since, and this certificate is not valid any more',
    });
    await expect(asked(again)).resolves.toMatchObject({ renew: false });
    await expect(asked(alice)).resolves.toMatchObject({ renew: false });
  });
});

async function requestWith(
  algorithm: webcrypto.RsaHashedKeyGenParams | (webcrypto.EcKeyGenParams & { readonly hash: string }),
): Promise<Buffer> {
  const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const hash = typeof algorithm.hash === 'string' ? algorithm.hash : 'SHA-256';
  const request = await x509.Pkcs10CertificateRequestGenerator.create({
    name: 'CN=x',
    keys,
    signingAlgorithm: { name: algorithm.name, hash },
  });
  return Buffer.from(request.rawData);
}
