import { describe, expect, it } from 'vitest';
import { formatAddress, isLoopback, parseAddress } from '../../../../shared/rpc/address.js';

describe('parseAddress', () => {
  it.each([
    ['127.0.0.1:7400', { kind: 'tcp', host: '127.0.0.1', port: 7400 }],
    ['127.1.2.3:0', { kind: 'tcp', host: '127.1.2.3', port: 0 }],
    ['[::1]:7400', { kind: 'tcp', host: '::1', port: 7400 }],
    ['192.0.2.1:7400', { kind: 'tcp', host: '192.0.2.1', port: 7400 }],
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

  it.each(['0.0.0.0:7400', '[::]:7400', '[0:0:0:0:0:0:0:0]:7400'])('refuses %s, which nobody can dial', (text) => {
    expect(() => parseAddress(text)).toThrow(expect.objectContaining({ code: 'config', message: `${text} cannot be dialled` }));
  });

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
