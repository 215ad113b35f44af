import { describe, expect, it } from 'vitest';
import { resolveAccount } from '../../../../agent/services/account.js';
import { exec } from '../../../../shared/ports/exec.js';

const { signal } = new AbortController();

describe('resolveAccount', () => {
  it('asks the host for the ids of a user', async () => {
    expect(await resolveAccount('nobody', exec, { uid: 0 }, signal)).toEqual({ uid: 65534, gid: 65534 });
  });
  it('needs no account for the user of the agent', async () => {
    expect(await resolveAccount('root', exec, { uid: 0 }, signal)).toBeNull();
    expect(await resolveAccount(null, exec, { uid: 1000 }, signal)).toBeNull();
  });
  it('refuses to become somebody else without being root', async () => {
    await expect(resolveAccount('nobody', exec, { uid: 1000 }, signal)).rejects.toMatchObject({
      code: 'denied',
      message: 'the agent (uid 1000) cannot run a command as nobody',
      hint: 'run the agent as root or as nobody',
    });
  });
  it('names a user that does not exist', async () => {
    await expect(resolveAccount('no-such-user', exec, { uid: 0 }, signal)).rejects.toMatchObject({
      code: 'config',
      message: expect.stringContaining('user no-such-user is not known on this host') as string,
    });
  });
});
