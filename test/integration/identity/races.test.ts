import { describe, expect, it } from 'vitest';
import { openChannel, type RpcChannel } from '../../../shared/rpc/client.js';
import { authorities, join, renew } from '../../../shared/rpc/join.js';
import type { Certified } from '../../../shared/pki/certificate.js';
import { readMembers } from '../../../controller/identity/members.js';
import { soon } from '../../contract/agent-api/linked.js';
import { type Secured, startSecured } from '../../support/secured.js';

const REFUSED = { code: 'denied' };

/** Renews again and again until it is refused, several times at a time; resolves with all that it got once `halt` has been done meanwhile. */
async function renewing(controller: Secured, first: Certified, halt: () => Promise<unknown>): Promise<Certified[]> {
  const channel = await openChannel(controller.address, first);
  const got = [first];
  const halting: Promise<unknown>[] = [];
  const again = async (): Promise<void> => {
    for (;;) {
      got.push(await renew(channel, soon()));
      if (halting.length === 0) halting.push(halt());
    }
  };
  const ends = await Promise.allSettled(Array.from({ length: 4 }, again));
  for (const end of ends) expect(end).toMatchObject({ reason: REFUSED });
  await Promise.all(halting);
  channel.close();
  return got;
}

async function allRefused(controller: Secured, certificates: readonly Certified[]): Promise<void> {
  for (const certified of certificates) {
    const channel: RpcChannel = await openChannel(controller.address, certified);
    await expect(authorities(channel, soon())).rejects.toMatchObject(REFUSED);
    channel.close();
  }
}

describe('whoever is quick', () => {
  it('does not bring a token back by guessing wrong while it is spent', async () => {
    await using controller = await startSecured();
    for (let round = 0; round < 5; round++) {
      const invitation = await controller.invite('--operator', `alice${round}`);
      const [id = ''] = invitation.token.split('.');
      const wrong = Array.from({ length: 3 }, () => join({ ...invitation, token: `${id}.guess` }, soon()));
      await Promise.allSettled([...wrong.slice(0, 1), join(invitation, soon()), ...wrong.slice(1)]);
      await expect(join(invitation, soon())).rejects.toMatchObject(REFUSED);
    }
  });

  it('has five guesses at a token, not five at a time', async () => {
    await using controller = await startSecured();
    const invitation = await controller.invite('--operator', 'alice');
    const [id = ''] = invitation.token.split('.');
    await Promise.allSettled(Array.from({ length: 6 }, () => join({ ...invitation, token: `${id}.guess` }, soon())));
    await expect(join(invitation, soon())).rejects.toMatchObject(REFUSED);
  });

  it('does not outrun a revocation by renewing all the time', async () => {
    await using controller = await startSecured();
    const first = await controller.member('--operator', 'alice');
    await allRefused(controller, await renewing(controller, first, () => controller.run('revoke', 'alice')));
  });

  it('does not outrun the host that joins again under its name', async () => {
    await using controller = await startSecured();
    const first = await controller.member('--agent', 'web1');
    await allRefused(controller, await renewing(controller, first, () => controller.member('--agent', 'web1')));
  });

  it('fills no list by renewing all the time', async () => {
    await using controller = await startSecured();
    let last = await controller.member('--agent', 'web1');
    for (let count = 0; count < 20; count++) {
      const channel = await openChannel(controller.address, last);
      last = await renew(channel, soon());
      channel.close();
    }
    const [record] = await readMembers(controller.folder);
    expect(record?.certificates.length).toBeLessThanOrEqual(16);
  });
});
