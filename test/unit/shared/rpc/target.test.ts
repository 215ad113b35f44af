import { describe, expect, it } from 'vitest';
import { parseAddress } from '../../../../shared/rpc/address.js';
import { dialTarget, listenTargets } from '../../../../shared/rpc/target.js';

const resolving =
  (...ips: readonly string[]) =>
  async () =>
    ips;

describe('dialTarget', () => {
  const dial = (address: string, certified: boolean, ...ips: readonly string[]) =>
    dialTarget(parseAddress(address), certified, resolving(...ips));

  it('resolves a name once, IPv4 first', async () => {
    expect(await dial('localhost:7400', false, '::1', '127.0.0.1')).toBe('ipv4:127.0.0.1:7400');
    expect(await dial('localhost:7400', false, '::1')).toBe('ipv6:[::1]:7400');
    expect(await dial('unix:/run/ctl.sock', false)).toBe('unix:/run/ctl.sock');
  });

  it.each([
    ['192.0.2.1:7400', []],
    ['[2001:db8::1]:7400', []],
    ['[::ffff:192.0.2.1]:7400', []],
    ['ctl.example.org:7400', ['192.0.2.1']],
    ['ctl.example.org:7400', ['127.0.0.1', '192.0.2.1']],
  ])('without a certificate refuses %s (%j), any of whose addresses is not on this host', async (address, ips) => {
    await expect(dial(address, false, ...ips)).rejects.toMatchObject({
      code: 'config',
      message: `${address} is not on this host, and here is no certificate for it`,
      hint: '`ctl-controller token create` on the host of the controller prints the command that gets one',
    });
  });

  it('goes anywhere with one', async () => {
    expect(await dial('ctl.example.org:7400', true, '192.0.2.1')).toBe('ipv4:192.0.2.1:7400');
  });

  it('says unreachable of a name that has no address', async () => {
    await expect(dial('nowhere:7400', true)).rejects.toMatchObject({ code: 'unreachable', message: 'nowhere has no address' });
  });
});

describe('listenTargets', () => {
  const listen = (address: string, certified: boolean, ...ips: readonly string[]) =>
    listenTargets(parseAddress(address), certified, resolving(...ips));

  it('takes a name with certificates for all addresses of this host: there it may mean 127.0.1.1', async () => {
    expect(await listen('ctl.example.org:7400', true, '127.0.1.1')).toEqual(['[::]:7400', '0.0.0.0:7400']);
    expect(await listen('192.0.2.1:7400', true)).toEqual(['ipv4:192.0.2.1:7400']);
  });

  it('without certificates listens on loopback alone', async () => {
    expect(await listen('localhost:7400', false, '127.0.0.1')).toEqual(['ipv4:127.0.0.1:7400']);
    await expect(listen('ctl.example.org:7400', false, '127.0.0.1', '192.0.2.1')).rejects.toMatchObject({
      code: 'config',
      message: 'ctl.example.org:7400 is not a loopback address, and this controller has no certificates yet',
      hint: '`ctl-controller init` makes them; without them use 127.0.0.1 or unix:/path',
    });
  });
});
