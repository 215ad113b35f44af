import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { readCertificate, readCertificates } from '../../../shared/pki/certificate.js';
import { formatAddress } from '../../../shared/rpc/address.js';
import { openChannel, type RpcChannel } from '../../../shared/rpc/client.js';
import { connectControl } from '../../../shared/rpc/control-client.js';
import { authorities, renew } from '../../../shared/rpc/join.js';
import { soon } from '../../contract/agent-api/linked.js';
import { eventually, startSecured, startSecuredAgent } from '../../support/secured.js';

const DAY_MS = 86_400_000;
const kept = async (file: string) => readCertificates(await readFile(file, 'utf8'));

describe('renewal', () => {
  it('replaces the certificate and the key of an agent at two thirds of its life, in the session that it has', async () => {
    await using controller = await startSecured();
    const joined = await controller.member('--agent', 'web1');
    await using agent = await startSecuredAgent(controller.address, joined, { aheadMs: 61 * DAY_MS });
    await agent.link.whenConnected(soon());
    const before = readCertificate(joined.own.certificate);
    await eventually(async () => (await kept(agent.file))[0]?.serial).not.toBe(before.serial);
    expect(await readFile(agent.file, 'utf8')).not.toContain(joined.own.key.trim());
    expect((await kept(agent.file))[0]?.identity).toEqual({ kind: 'agent', name: 'web1' });
    await expect(controller.links.agent('web1').ping({ signal: soon(), timeoutMs: 5_000 })).resolves.toMatchObject({ name: 'web1' });
    expect(agent.logged.lines.filter(({ level }) => level === 'warn')).toEqual([]);
    expect(agent.logged.lines.filter(({ msg }) => msg === 'connected to the controller')).toHaveLength(1);
  });

  it('leaves one alone that is younger', async () => {
    await using controller = await startSecured();
    const joined = await controller.member('--agent', 'web1');
    await using agent = await startSecuredAgent(controller.address, joined, { aheadMs: 59 * DAY_MS });
    await agent.link.whenConnected(soon());
    const asked = () => controller.logged.lines.some(({ msg }) => msg === 'the certificate of agent web1 was renewed');
    await controller.links.agent('web1').ping({ signal: soon(), timeoutMs: 5_000 });
    expect(asked()).toBe(false);
    expect((await kept(agent.file))[0]?.serial).toBe(readCertificate(joined.own.certificate).serial);
  });

  it('lets a connection live that began with a certificate which has expired since, if it was renewed', async () => {
    let ahead = 0;
    await using controller = await startSecured({ aheadMs: () => ahead });
    const channels = await Promise.all(
      ['web1', 'web2'].map(async (name) => openChannel(controller.address, await controller.member('--agent', name))),
    );
    const [renewing, lazy] = channels as [RpcChannel, RpcChannel];
    for (const channel of channels) await channel.ready(5_000);
    ahead = 61 * DAY_MS;
    await renew(renewing, soon());
    ahead = 91 * DAY_MS;
    await expect(authorities(renewing, soon())).resolves.toMatchObject({ renew: false });
    await expect(authorities(lazy, soon())).rejects.toMatchObject({
      code: 'denied',
      message: expect.stringMatching(/^the certificate of agent web2 expired at 20/) as string,
    });
    for (const channel of channels) channel.close();
  });

  it('cuts a connection whose certificate has expired and was not renewed', async () => {
    let ahead = 0;
    await using controller = await startSecured({ aheadMs: () => ahead });
    await using agent = await startSecuredAgent(controller.address, await controller.member('--agent', 'web1'));
    await agent.link.whenConnected(soon());
    ahead = 91 * DAY_MS;
    await eventually(() => agent.logged.lines.find(({ msg }) => msg === 'the controller refuses this agent')?.error).toMatchObject({
      message: expect.stringMatching(/^the certificate of agent web1 expired at 20.*, by the clock of the controller/) as string,
    });
  });

  it('gives the controller a new certificate without dropping a session', async () => {
    let ahead = 0;
    await using controller = await startSecured({ aheadMs: () => ahead });
    const joined = await controller.member('--agent', 'web1');
    await using agent = await startSecuredAgent(controller.address, joined);
    await agent.link.whenConnected(soon());
    ahead = 61 * DAY_MS;
    await eventually(() => controller.logged.lines.map(({ msg }) => msg)).toContain('the certificate of the controller is a new one');
    await expect(controller.links.agent('web1').ping({ signal: soon(), timeoutMs: 5_000 })).resolves.toMatchObject({ name: 'web1' });
    expect(agent.logged.lines.filter(({ msg }) => msg === 'connected to the controller')).toHaveLength(1);
    // By our clock it begins in two months: whoever dials now sees it.
    const channel = await openChannel(controller.address, joined);
    await expect(channel.ready(5_000)).rejects.toMatchObject({ message: expect.stringContaining('is not valid yet') as string });
    channel.close();
  });

  it('gives an operator a new one when he uses ctl', async () => {
    await using controller = await startSecured();
    const certified = await controller.member('--operator', 'alice');
    await controller.run('ca', 'rotate');
    const keptAnew: string[] = [];
    const login = { certified, keep: async ({ own }: typeof certified) => void keptAnew.push(own.certificate) };
    await eventually(async () => {
      const api = await connectControl(formatAddress(controller.address), login);
      await api.operations(soon());
      await api.close();
      return keptAnew.map((pem) => readCertificate(pem).identity);
    }).toEqual([{ kind: 'operator', name: 'alice', role: 'operator' }]);
  });
});

describe('replacing the authority', () => {
  it('takes everybody over without dropping a session, and then trusts the new one alone', async () => {
    await using controller = await startSecured();
    const left = await controller.member('--operator', 'left');
    await using agent = await startSecuredAgent(controller.address, await controller.member('--agent', 'web1'));
    await agent.link.whenConnected(soon());
    await controller.run('ca', 'rotate');
    await expect(controller.run('ca', 'finish')).rejects.toMatchObject({
      code: 'precondition',
      message: 'operator left (operator), agent web1 would be cut off: certified by the old authority still',
    });

    // It learns of it when it asks the next time: at its next start at the latest.
    await using again = await restarted(controller, agent);
    await eventually(async () => (await kept(again.file)).length).toBe(3);
    await expect(controller.run('ca', 'finish')).rejects.toMatchObject({
      message: 'operator left (operator) would be cut off: certified by the old authority still',
    });
    const before = await openChannel(controller.address, left);
    await before.ready(5_000);
    await controller.run('ca', 'finish', '--force');
    await eventually(() =>
      controller.logged.lines.filter(({ msg }) => msg === 'the certificate of the controller is a new one'),
    ).not.toEqual([]);

    await expect(controller.links.agent('web1').ping({ signal: soon(), timeoutMs: 5_000 })).resolves.toMatchObject({ name: 'web1' });
    await using third = await restarted(controller, again);
    await third.link.whenConnected(soon());
    await eventually(() => authorities(before, soon()).catch((error: unknown) => error)).toMatchObject({
      code: 'denied',
      message: 'the certificate of operator left (operator) is by an authority that was replaced',
    });
    before.close();
    const channel = await openChannel(controller.address, left);
    await eventually(() => channel.ready(5_000).catch((error: unknown) => error)).toMatchObject({
      code: 'denied',
      message: expect.stringContaining('is by another authority than the one that was joined') as string,
    });
    channel.close();
    expect(await controller.run('ca', 'rotate')).toMatch(/^A new authority/);
  });

  it('is not begun twice, and not ended before it has begun', async () => {
    await using controller = await startSecured();
    await expect(controller.run('ca', 'finish')).rejects.toMatchObject({ code: 'precondition', message: 'there is one authority only' });
    await controller.run('ca', 'rotate');
    await expect(controller.run('ca', 'rotate')).rejects.toMatchObject({ message: 'the authority is being replaced already' });
  });
});

async function restarted(
  controller: { readonly address: Parameters<typeof startSecuredAgent>[0] },
  agent: Awaited<ReturnType<typeof startSecuredAgent>>,
) {
  const text = await readFile(agent.file, 'utf8');
  await agent.link.stop();
  const [certificate = '', ...authorities] = text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  const key = text.slice(0, text.indexOf('-----BEGIN CERTIFICATE'));
  return startSecuredAgent(controller.address, { own: { key, certificate }, authorities });
}

describe('a certificate that is not renewed', () => {
  it('is an incident of its host, until it is revoked', async () => {
    let ahead = 0;
    await using controller = await startSecured({ aheadMs: () => ahead });
    await controller.member('--agent', 'web1');
    await controller.member('--operator', 'alice');
    ahead = 84 * DAY_MS;
    const told = () => controller.observed.flatMap((one) => (one.type === 'trouble' ? [[one.trouble.host, one.trouble.got]] : []));
    await eventually(told).toEqual([['web1', 'at most 7 days left']]);
    await controller.run('revoke', 'web1');
    await eventually(() => controller.observed.at(-1)).toMatchObject({ type: 'settled', place: { host: 'web1', kind: 'certificate' } });
  });
});
