import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { connect as connectTls, type ConnectionOptions } from 'node:tls';
import { constants } from 'node:http2';
import { describe, expect, it } from 'vitest';
import type { Certified } from '../../../shared/pki/certificate.js';
import type { Address } from '../../../shared/rpc/address.js';
import { formatAddress } from '../../../shared/rpc/address.js';
import { connectControl } from '../../../shared/rpc/control-client.js';
import { soon } from '../../contract/agent-api/linked.js';
import { eventually, type Secured, startSecured, startSecuredAgent } from '../../support/secured.js';

const portOf = (address: Address): number => (address.kind === 'tcp' ? address.port : 0);

/** Sends bytes and waits until the other side has had enough of it. */
function send(address: Address, bytes: Buffer | string): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect(portOf(address), '127.0.0.1', () => socket.write(bytes));
    socket.on('error', () => undefined);
    socket.on('data', () => undefined);
    socket.on('end', () => socket.end());
    socket.on('close', () => resolve());
  });
}

/** The same inside of TLS, without a certificate. */
function sendSecured(address: Address, bytes: Buffer | string): Promise<void> {
  return new Promise((resolve) => {
    // It plays somebody whom nothing hinders; what is tested is the other side.
    const options: ConnectionOptions = { host: '127.0.0.1', port: portOf(address), ALPNProtocols: ['h2'], rejectUnauthorized: false };
    const socket = connectTls(options, () => socket.write(bytes));
    socket.on('error', () => undefined);
    socket.on('data', () => undefined);
    socket.on('end', () => socket.end());
    socket.on('close', () => resolve());
  });
}

/** Whatever came before, an agent is served, and an operator. */
async function expectWell(controller: Secured): Promise<void> {
  await using agent = await startSecuredAgent(controller.address, await controller.member('--agent', 'web1'));
  await agent.link.whenConnected(soon());
  await expect(controller.links.agent('web1').ping({ signal: soon(), timeoutMs: 5_000 })).resolves.toMatchObject({ name: 'web1' });
  const certified = await controller.member('--operator', 'alice');
  const api = await connectControl(formatAddress(controller.address), { certified, keep: () => Promise.resolve() });
  await expect(api.operations(soon())).resolves.toEqual([]);
  await api.close();
}

const warned = (controller: Secured) => controller.logged.lines.filter(({ level }) => level === 'warn').map(({ msg }) => msg);

describe('a controller that is sent garbage', () => {
  it('drops random bytes, plaintext HTTP and HTTP/2, says so once each, and serves on', async () => {
    await using controller = await startSecured();
    const preface = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';
    for (const bytes of [randomBytes(10_000), 'GET / HTTP/1.1\r\n\r\n', preface, preface]) await send(controller.address, bytes);
    await eventually(() => warned(controller).filter((text) => text.startsWith('a connection from 127.0.0.1 was refused: '))).not.toEqual(
      [],
    );
    const told = warned(controller);
    expect(new Set(told).size).toBe(told.length);
    await expectWell(controller);
  });

  it.each(['TLSv1', 'TLSv1.1', 'TLSv1.2'] as const)('speaks no %s', async (version) => {
    await using controller = await startSecured();
    const refused = new Promise<unknown>((resolve) => {
      const options: ConnectionOptions = {
        minVersion: version,
        maxVersion: version,
        ciphers: 'ALL:@SECLEVEL=0',
        rejectUnauthorized: false,
      };
      const socket = connectTls({ host: '127.0.0.1', port: portOf(controller.address), ...options }, () => resolve('connected'));
      socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code));
    });
    expect(await refused).toBe('ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION');
    await eventually(() => warned(controller)).toContain('a connection from 127.0.0.1 was refused: it does not speak TLS 1.3');
    await expectWell(controller);
  });

  it('drops what is not HTTP/2 inside of TLS, and frames that are torn or too large', async () => {
    await using controller = await startSecured();
    const frame = (type: number, length: number, body: Buffer) =>
      Buffer.concat([Buffer.from([length >> 16, (length >> 8) & 255, length & 255, type, 0, 0, 0, 0, 1]), body]);
    const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
    const settings = Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]);
    const garbage = [
      randomBytes(10_000),
      Buffer.from('GET / HTTP/1.1\r\n\r\n'),
      Buffer.concat([preface, settings, frame(constants.NGHTTP2_FLAG_NONE, 0xff_ffff, randomBytes(1000))]),
      Buffer.concat([preface, settings, frame(1, 200, randomBytes(200))]),
    ];
    await Promise.all(garbage.map((bytes) => sendSecured(controller.address, bytes)));
    await expectWell(controller);
  });

  it('serves on beside a thousand connections that never finish the handshake', async () => {
    await using controller = await startSecured();
    const open: Socket[] = [];
    const before = process.memoryUsage().rss;
    try {
      for (let n = 0; n < 1_000; n++) {
        const socket = connect(portOf(controller.address), '127.0.0.1');
        socket.on('error', () => undefined);
        open.push(socket);
        await new Promise<void>((resolve) => socket.once('connect', () => resolve()));
        // The beginning of a handshake, and not a byte more.
        socket.write(Buffer.from([0x16, 0x03, 0x01, 0x02, 0x00]));
      }
      await expectWell(controller);
      // Both ends are in this process.
      expect(process.memoryUsage().rss - before).toBeLessThan(200 * 1024 * 1024);
      expect(open.filter(isOpen).length).toBeLessThanOrEqual(512);
      // They are cut off after ten seconds, and do not fill the log.
      await eventually(() => open.some(isOpen)).toBe(false);
      expect(warned(controller).filter((text) => text.includes('handshake')).length).toBeLessThan(5);
    } finally {
      for (const socket of open) socket.destroy();
    }
  });

  it('serves on beside a thousand connections without a certificate that say nothing, and keeps the newest', async () => {
    await using controller = await startSecured();
    const before = process.memoryUsage().rss;
    const open = await crowd(controller.address, 1_000, null);
    try {
      await eventually(() => open.filter(isOpen).length).toBe(512);
      expect(open.slice(-512).every(isOpen)).toBe(true);
      expect(process.memoryUsage().rss - before).toBeLessThan(150 * 1024 * 1024);
      await expectWell(controller);
      expect(warned(controller).filter((text) => text.includes('without a certificate'))).toEqual([
        'a connection from 127.0.0.1 was closed: more than 512 connections without a certificate',
      ]);
    } finally {
      for (const socket of open) socket.destroy();
    }
  });

  it('gives the holder of one certificate so many connections, and leaves everybody else alone', async () => {
    await using controller = await startSecured();
    const open = await crowd(controller.address, 150, await controller.member('--agent', 'web2'));
    try {
      await eventually(() => open.filter(isOpen).length).toBe(128);
      expect(open.slice(0, 100).every(isOpen)).toBe(true);
      expect(warned(controller)).toEqual([
        'a connection from 127.0.0.1 was closed: more than 128 connections with a certificate of agent web2',
      ]);
      await expectWell(controller);
    } finally {
      for (const socket of open) socket.destroy();
    }
  });
});

/** So many connections, all through the handshake, that say nothing more. */
async function crowd(address: Address, count: number, certified: Certified | null): Promise<Socket[]> {
  const identity = certified === null ? {} : { key: certified.own.key, cert: certified.own.certificate };
  const options: ConnectionOptions = {
    ...{ host: '127.0.0.1', port: portOf(address), ALPNProtocols: ['h2'], rejectUnauthorized: false },
    ...identity,
  };
  const open: Socket[] = [];
  for (let n = 0; n < count; n++) {
    const socket = connectTls(options);
    socket.on('error', () => undefined);
    socket.on('data', () => undefined);
    open.push(socket);
    await new Promise<void>((resolve) => {
      socket.once('secureConnect', () => resolve());
      socket.once('close', () => resolve());
    });
  }
  return open;
}

const isOpen = ({ destroyed, readableEnded }: Socket): boolean => !destroyed && !readableEnded;
