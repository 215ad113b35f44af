import { describe, expect, it } from 'vitest';
import { formatAddress } from '../../../shared/rpc/address.js';
import { connectControl } from '../../../shared/rpc/control-client.js';
import { join } from '../../../shared/rpc/join.js';
import type { Certified } from '../../../shared/pki/certificate.js';
import { soon } from '../../contract/agent-api/linked.js';
import { eventually, type Secured, startSecured, startSecuredAgent } from '../../support/secured.js';

const controlOf = (controller: Secured, certified: Certified) =>
  connectControl(formatAddress(controller.address), { certified, keep: () => Promise.resolve() });

describe('revoking', () => {
  it('ends the session of an agent that is connected, and tells it why', async () => {
    await using controller = await startSecured();
    await using agent = await startSecuredAgent(controller.address, await controller.member('--agent', 'web1'));
    await agent.link.whenConnected(soon());
    expect(await controller.run('revoke', 'web1')).toBe('agent web1 is revoked; a running controller cuts it off at once\n');
    await eventually(() => controller.links.hosts()).toMatchObject([{ host: 'web1', connected: false }]);
    await eventually(() => agent.logged.lines.find(({ msg }) => msg === 'the controller refuses this agent')?.error).toMatchObject({
      code: 'denied',
      message: expect.stringMatching(/^agent web1 was revoked at 20/) as string,
    });
  });

  it('ends a stream that an operator reads, and refuses his next call on the same connection', async () => {
    await using controller = await startSecured({ script: { deaf: true } });
    const api = await controlOf(controller, await controller.member('--operator', 'alice'));
    const deaf = api.check({ selectors: [], path: null }, soon());
    const refused = { code: 'denied', message: expect.stringMatching(/^operator alice \(operator\) was revoked at 20/) as string };
    await Promise.all([expect(deaf).rejects.toMatchObject(refused), controller.run('revoke', 'alice')]);
    await expect(api.operations(soon())).rejects.toMatchObject(refused);
    await api.close();
  });

  it('leaves everybody else alone', async () => {
    await using controller = await startSecured();
    await controller.member('--agent', 'web2');
    await using agent = await startSecuredAgent(controller.address, await controller.member('--agent', 'web1'));
    await agent.link.whenConnected(soon());
    await controller.run('revoke', 'web2');
    await eventually(() => controller.run('identities')).toMatch(/^agent +web2 +- +revoked 20/m);
    await expect(controller.links.agent('web1').ping({ signal: soon(), timeoutMs: 5_000 })).resolves.toMatchObject({ name: 'web1' });
    expect(agent.logged.lines.filter(({ level }) => level === 'warn')).toEqual([]);
  });

  it('takes back the tokens for that name as well', async () => {
    await using controller = await startSecured();
    const invitation = await controller.invite('--agent', 'web1');
    await expect(controller.run('revoke', 'web1')).rejects.toMatchObject({
      code: 'not-found',
      message: 'nobody called web1 has a certificate; tokens for that name are not valid any more',
    });
    await expect(join(invitation, soon())).rejects.toMatchObject({ code: 'denied' });
  });

  it('lets whoever joins again under that name come back', async () => {
    await using controller = await startSecured();
    await controller.member('--agent', 'web1');
    await controller.run('revoke', 'web1');
    await using agent = await startSecuredAgent(controller.address, await controller.member('--agent', 'web1'));
    await agent.link.whenConnected(soon());
  });

  it('holds for whoever joined before, and for nobody who joins later, also when the clock was set back in between', async () => {
    let ahead = 3_600_000;
    await using controller = await startSecured({ aheadMs: () => ahead });
    const before = await controlOf(controller, await controller.member('--operator', 'alice'));
    ahead = 0;
    await controller.run('revoke', 'alice');
    const after = await controlOf(controller, await controller.member('--operator', 'alice'));
    await expect(before.operations(soon())).rejects.toMatchObject({ code: 'denied' });
    await expect(after.operations(soon())).resolves.toEqual([]);
    await before.close();
    await after.close();
  });

  it('names the nearest for a name that nobody has', async () => {
    await using controller = await startSecured();
    await controller.member('--agent', 'web1');
    await expect(controller.run('revoke', 'wbe1')).rejects.toMatchObject({ code: 'not-found', hint: 'did you mean "web1"?' });
  });
});
