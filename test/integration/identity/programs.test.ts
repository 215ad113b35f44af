import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join as joinPath } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { joinController } from '../../../agent/join.js';
import { createOperatorIdentity } from '../../../controller/ctl/operator-identity.js';
import { formatAddress } from '../../../shared/rpc/address.js';
import { join } from '../../../shared/rpc/join.js';
import { soon } from '../../contract/agent-api/linked.js';
import { anAuthority, certifiedBy } from '../../support/forged.js';
import { type Secured, startSecured } from '../../support/secured.js';

let home: string;
beforeEach(async () => {
  home = await mkdtemp(joinPath(tmpdir(), 'ctl-programs-'));
});
afterEach(() => rm(home, { recursive: true }));

/** The words behind `ctl-agent join`, as they are pasted. */
async function pasted(controller: Secured, ...words: string[]): Promise<string[]> {
  const { token, fingerprint } = await controller.invite(...words);
  return ['--controller', formatAddress(controller.address), '--token', token, '--ca', fingerprint];
}

describe('ctl-agent join', () => {
  const agentIni = async (name: string, controller: string) => {
    const file = joinPath(home, 'agent.ini');
    await writeFile(file, `[agent]\nname = ${name}\ncontroller = ${controller}\nstate_dir = ${joinPath(home, 'state')}\n`);
    return file;
  };

  it('keeps the identity of the host in its state_dir, for its user alone', async () => {
    await using controller = await startSecured();
    const address = formatAddress(controller.address);
    const told = await joinController([...(await pasted(controller, '--agent', 'web1')), '-c', await agentIni('web1', address)]);
    const file = joinPath(home, 'state', 'identity.pem');
    expect(told).toMatch(
      new RegExp(`^web1 has joined ${address}: ${file}, valid until 20\\S+Z, renewed by itself\\. Start ctl-agent, or restart it\n$`),
    );
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(await readFile(file, 'utf8')).toMatch(/^-----BEGIN PRIVATE KEY-----/);
  });

  it('says so if agent.ini has another controller', async () => {
    await using controller = await startSecured();
    const file = await agentIni('web1', 'ctl.example.org:7400');
    const told = await joinController([...(await pasted(controller, '--agent', 'web1')), '-c', file]);
    expect(told.split('\n')[1]).toBe(`${file} has controller = ctl.example.org:7400: set it to ${formatAddress(controller.address)}`);
  });

  it('keeps nothing, and spends nothing, for another name or for an operator', async () => {
    await using controller = await startSecured();
    const file = await agentIni('web2', formatAddress(controller.address));
    await expect(joinController([...(await pasted(controller, '--agent', 'web1')), '-c', file])).rejects.toMatchObject({
      code: 'denied',
      message: 'the token is for web1, and this host is called web2',
    });
    await expect(joinController([...(await pasted(controller, '--operator', 'web2')), '-c', file])).rejects.toMatchObject({
      code: 'denied',
      message: 'the token is for operator web2 (operator)',
      hint: 'it was not spent. It belongs to `ctl login`',
    });
    await expect(stat(joinPath(home, 'state'))).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('wants the whole command', async () => {
    await expect(joinController(['--controller', 'x:1'])).rejects.toMatchObject({
      code: 'usage',
      message: 'join: --controller, --token and --ca are needed',
    });
    await expect(
      joinController(['--controller', 'x:1', '--token', 't', '--ca', 'short', '-c', await agentIni('web1', 'x:1')]),
    ).rejects.toMatchObject({
      code: 'usage',
      message: '"short" is not the fingerprint of an authority',
    });
  });
});

describe('the identity of an operator', () => {
  const identity = () => createOperatorIdentity({ XDG_CONFIG_HOME: home });
  const invited = async (controller: Secured, ...words: string[]) => {
    const { token, fingerprint } = await controller.invite(...words);
    return { controller: formatAddress(controller.address), token, fingerprint };
  };

  it('is kept for each controller, and found by its address', async () => {
    await using one = await startSecured();
    await using other = await startSecured();
    const { file, member } = await identity().login(await invited(one, '--operator', 'alice'), soon());
    await identity().login(await invited(other, '--operator', 'bob'), soon());
    expect(member).toEqual({ kind: 'operator', name: 'alice', role: 'operator' });
    expect(file.startsWith(joinPath(home, 'ctl'))).toBe(true);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    const [first, second] = [
      await identity().credentials(formatAddress(one.address)),
      await identity().credentials(formatAddress(other.address)),
    ];
    expect(first?.own.certificate).not.toBe(second?.own.certificate);
    expect(await identity().credentials('ctl.example.org:7400')).toBe(null);
    expect(await identity().credentials('unix:/run/ctl.sock')).toBe(null);
  });

  it('is not had with the token of an agent', async () => {
    await using controller = await startSecured();
    const invitation = await invited(controller, '--agent', 'web1');
    await expect(identity().login(invitation, soon())).rejects.toMatchObject({
      code: 'denied',
      message: 'the token is for agent web1',
      hint: 'it was not spent. It belongs to `ctl-agent join`',
    });
    const { token, fingerprint } = invitation;
    const agent = { address: controller.address, token, fingerprint, kind: 'agent', name: null } as const;
    await expect(join(agent, soon())).resolves.toMatchObject({ member: { name: 'web1' } });
  });

  it('tells of one that has expired before anybody is dialled', async () => {
    const expired = await certifiedBy(await anAuthority(), { identity: { kind: 'operator', name: 'alice', role: 'viewer' }, toDays: -0.1 });
    await identity().keep('ctl.example.org:7400', expired);
    await expect(identity().credentials('ctl.example.org:7400')).rejects.toMatchObject({
      code: 'denied',
      message: expect.stringMatching(/^your certificate for ctl\.example\.org:7400 expired at 20\S+, by the clock of this host/) as string,
    });
  });
});
