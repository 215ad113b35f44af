import { createServer, type Server } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Certified, KeyPair } from '../../../shared/pki/certificate.js';
import { openChannel } from '../../../shared/rpc/client.js';
import { connectControl } from '../../../shared/rpc/control-client.js';
import { createRpcServer } from '../../../shared/rpc/server.js';
import { type Address, formatAddress } from '../../../shared/rpc/address.js';
import { recordedLog } from '../../contract/agent-api/linked.js';
import { anAuthority, certifiedBy, type Forged } from '../../support/forged.js';
import { startSecured } from '../../support/secured.js';

/** Somebody who listens with that certificate, and is no more than that. */
async function listening(certified: Certified, host = '127.0.0.1') {
  const certificates = {
    current: () => certified,
    subscribe: () => undefined,
    admit: () => new AbortController().signal,
    refused: () => undefined,
  };
  const server = createRpcServer(
    { log: recordedLog().log },
    { address: { kind: 'tcp', host, port: 0 }, services: [], certified: certificates, stopMs: 100 },
  );
  await server.start();
  return { address: server.address(), [Symbol.asyncDispose]: () => server.stop() };
}

/** What a member who trusts `authority` is told when he dials somebody with that certificate. */
async function dialled(authority: KeyPair, forged: Forged, by = authority): Promise<unknown> {
  await using server = await listening(await certifiedBy(by, forged));
  const channel = await openChannel(server.address, { authorities: [authority.certificate], own: null });
  try {
    return await channel.ready(5_000).then(
      () => 'accepted',
      (error: unknown) => error,
    );
  } finally {
    channel.close();
  }
}

describe('dialling a controller', () => {
  it('accepts one whose certificate is right', async () => {
    expect(await dialled(await anAuthority(), {})).toBe('accepted');
  });

  it('refuses another authority, whatever the certificate says', async () => {
    const authority = await anAuthority();
    expect(await dialled(authority, {}, await anAuthority())).toMatchObject({
      code: 'denied',
      message: expect.stringMatching(
        /^the certificate of 127\.0\.0\.1 is by another authority than the one that was joined \([0-9a-f]{16}\)$/,
      ) as string,
      hint: 'was the controller set up anew? Then join again. If not, somebody may be in between',
    });
  });

  it('tells of one that has expired, with its own clock', async () => {
    expect(await dialled(await anAuthority(), { toDays: -0.1 })).toMatchObject({
      code: 'denied',
      message: expect.stringMatching(/^the certificate of 127\.0\.0\.1 has expired, by the clock of this host \(20\d\d-/) as string,
      hint: expect.stringContaining('compare the clocks') as string,
    });
  });

  it('tells of one that is not valid yet that the clock is slow', async () => {
    expect(await dialled(await anAuthority(), { fromDays: 0.5 })).toMatchObject({
      code: 'denied',
      message: expect.stringContaining('is not valid yet, by the clock of this host') as string,
      hint: 'the clock of this host is slow: set it (`timedatectl`)',
    });
  });

  it('tells for which names the certificate is', async () => {
    expect(await dialled(await anAuthority(), { hosts: ['ctl.example.org', '192.0.2.7'] })).toMatchObject({
      code: 'denied',
      message: 'the certificate of the controller is not for 127.0.0.1, but for ctl.example.org, 192.0.2.7',
    });
  });

  it('refuses a member that plays the controller', async () => {
    expect(await dialled(await anAuthority(), { identity: { kind: 'agent', name: 'web1' } })).toMatchObject({
      code: 'denied',
      message: 'who answers at 127.0.0.1 has a certificate, but not one of a controller',
    });
  });

  it('reaches one that listens under a name on every address of its host', async () => {
    const authority = await anAuthority();
    await using server = await listening(await certifiedBy(authority, { hosts: ['localhost', '127.0.0.2'] }), 'localhost');
    for (const host of ['localhost', '127.0.0.2']) {
      const channel = await openChannel({ ...server.address, host } as Address, { authorities: [authority.certificate], own: null });
      await channel.ready(5_000);
      channel.close();
    }
  });

  it('does not let the environment turn verification off', async () => {
    vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0');
    expect(await dialled(await anAuthority(), {}, await anAuthority())).toMatchObject({ code: 'denied' });
  });

  it('tells a member of somebody who does not speak TLS, or none that is new enough', async () => {
    const authority = await anAuthority();
    const { own } = await certifiedBy(authority);
    const clear = createServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
    const old = createTlsServer({ key: own.key, cert: own.certificate, maxVersion: 'TLSv1.2' });
    old.on('tlsClientError', () => undefined);
    expect(await told(clear, authority)).toMatchObject({ code: 'config', message: 'who answers at 127.0.0.1 does not speak TLS' });
    expect(await told(old, authority)).toMatchObject({ code: 'config', message: 'who answers at 127.0.0.1 does not speak TLS 1.3' });
  });

  it('tells somebody without a certificate that one is wanted, not that nobody answers', async () => {
    await using controller = await startSecured();
    const address = formatAddress(controller.address);
    await expect(connectControl(address)).rejects.toMatchObject({
      code: 'denied',
      message: `the controller at ${address} wants a certificate, and here is none for it`,
      hint: '`ctl-controller token create` on its host prints the command that gets one',
    });
  });
});

async function told(server: Server, authority: KeyPair): Promise<unknown> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    const bound = server.address();
    const port = typeof bound === 'object' && bound !== null ? bound.port : 0;
    const channel = await openChannel({ kind: 'tcp', host: '127.0.0.1', port }, { authorities: [authority.certificate], own: null });
    const error = await channel.ready(5_000).catch((reason: unknown) => reason);
    channel.close();
    return error;
  } finally {
    server.close();
  }
}

afterEach(() => vi.unstubAllEnvs());
