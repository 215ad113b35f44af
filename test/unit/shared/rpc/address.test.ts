import { describe, expect, it } from 'vitest';
import { formatAddress, isLoopback, parseAddress } from '../../../../shared/rpc/address.js';
import { transportTo } from '../../../../shared/rpc/credentials.js';

describe('parseAddress', () => {
  it.each([
    ['127.0.0.1:7400', { kind: 'tcp', host: '127.0.0.1', port: 7400 }],
    ['127.1.2.3:0', { kind: 'tcp', host: '127.1.2.3', port: 0 }],
    ['[::1]:7400', { kind: 'tcp', host: '::1', port: 7400 }],
    ['localhost:65535', { kind: 'tcp', host: 'localhost', port: 65_535 }],
    ['unix:/run/ctl.sock', { kind: 'unix', path: '/run/ctl.sock' }],
  ])('reads %s, and it can be written back', (text, address) => {
    expect(parseAddress(text)).toEqual(address);
    expect(formatAddress(parseAddress(text))).toBe(text);
  });

  it.each([
    '',
    '7400',
    'localhost',
    'localhost:',
    ':7400',
    '::1:7400',
    '[::1]',
    '[localhost]:1',
    '127.0.0.1:65536',
    'a b:1',
    'http://localhost:1',
    'unix:ctl.sock',
    'unix:',
  ])('refuses %j', (text) => {
    expect(() => parseAddress(text)).toThrow(
      expect.objectContaining({ code: 'config', message: `${text} is not an address`, hint: 'write host:port, [::1]:port or unix:/path' }),
    );
  });

  it.each(['192.0.2.1:7400', '0.0.0.0:7400', '[::]:7400', '[2001:db8::1]:7400', '[::ffff:192.0.2.1]:7400'])(
    'refuses %s, which is not on this host',
    (text) => {
      expect(() => parseAddress(text)).toThrow(
        expect.objectContaining({
          code: 'config',
          message: `${text} is not on this host: without certificates only loopback and unix sockets are accepted`,
          hint: 'use 127.0.0.1:7400 or unix:/path; certificates come with a later version',
        }),
      );
    },
  );

  it('refuses a path that the kernel would cut off', () => {
    expect(() => parseAddress(`unix:/${'x'.repeat(100)}`)).toThrow('too long: 101 bytes, at most 95');
  });
});

describe('isLoopback', () => {
  it.each(['127.0.0.1', '127.255.0.9', '::1', '0:0:0:0:0:0:0:1', '::ffff:127.0.0.1'])('is true of %s', (ip) =>
    expect(isLoopback(ip)).toBe(true),
  );
  it.each(['128.0.0.1', '0.0.0.0', '::', '::2', '1::1', 'fe80::1', '::ffff:10.0.0.1'])('is false of %s', (ip) =>
    expect(isLoopback(ip)).toBe(false),
  );
});

describe('transportTo', () => {
  const to = (host: string, ips: readonly string[]) => transportTo({ kind: 'tcp', host, port: 7400 }, async () => ips);

  it('resolves a name once, IPv4 first at both ends', async () => {
    expect((await to('localhost', ['::1', '127.0.0.1'])).target).toBe('ipv4:127.0.0.1:7400');
    expect((await to('localhost', ['::1'])).target).toBe('ipv6:[::1]:7400');
    expect((await transportTo({ kind: 'unix', path: '/run/ctl.sock' })).target).toBe('unix:/run/ctl.sock');
  });

  it('refuses a name of which any address is not on this host', async () => {
    await expect(to('ctl.example.org', ['127.0.0.1', '192.0.2.1'])).rejects.toMatchObject({
      code: 'config',
      message: expect.stringContaining('ctl.example.org:7400 is not on this host') as string,
    });
  });

  it('says unreachable of a name that has no address', async () => {
    await expect(to('nowhere', [])).rejects.toMatchObject({ code: 'unreachable' });
  });
});
