import { describe, expect, it } from 'vitest';
import { formatEnd, isLocalAddress, plainAddress } from '../../../../agent/connections/addresses.js';

describe('addresses', () => {
  it.each([
    ['[::ffff:127.0.0.1]', '127.0.0.1'],
    ['10.0.0.1', '10.0.0.1'],
    ['[fe80::1%eth0]', 'fe80::1'],
    ['::1', '::1'],
  ])('compares %s as %s', (address, plain) => expect(plainAddress(address)).toBe(plain));

  it('writes the end of a connection as everybody does', () => {
    expect([formatEnd('[::ffff:127.0.0.1]', '80'), formatEnd('::1', 80)]).toEqual(['127.0.0.1:80', '[::1]:80']);
  });

  it('knows the whole loopback network as local, and an address of a document as foreign', () => {
    expect([isLocalAddress('127.0.0.1'), isLocalAddress('127.9.9.9'), isLocalAddress('192.0.2.1')]).toEqual([true, true, false]);
  });
});
