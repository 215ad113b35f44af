import { readdir } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { startSecured } from '../../support/secured.js';

describe('ctl-controller', () => {
  it('init never replaces an authority', async () => {
    await using controller = await startSecured();
    const before = (await readdir(controller.folder)).sort();
    await expect(controller.run('init')).rejects.toMatchObject({
      code: 'precondition',
      message: `${controller.folder} holds an authority already: all that have joined depend on it`,
    });
    expect((await readdir(controller.folder)).sort()).toEqual(before);
  });

  it('token create prints one command to paste', async () => {
    await using controller = await startSecured();
    expect(await controller.run('token', 'create', '--agent', 'web1')).toMatch(
      /^ctl-agent join --controller 127\.0\.0\.1:7400 --token [0-9a-f]{16}\.[\w-]{43} --ca sha256:[0-9a-f]{64}\n$/,
    );
    expect(await controller.run('token', 'create', '--operator', 'alice', '--role', 'viewer', '--ttl', '2d')).toMatch(
      /^ctl login --controller 127\.0\.0\.1:7400 --token \S+ --ca \S+\n$/,
    );
  });

  it.each([
    [['token', 'create'], 'token create: for whom? --agent NAME or --operator NAME'],
    [['token', 'create', '--agent', 'a', '--operator', 'b'], 'token create: for whom? --agent NAME or --operator NAME'],
    [['token', 'create', '--agent', 'web1', '--role', 'viewer'], 'token create: an agent has no role'],
    [['token', 'create', '--operator', 'a', '--role', 'root'], '--role root: one of viewer, operator'],
    [['token', 'create', '--agent', '../x'], '"../x" cannot be a name: letters, digits and . _ - @, at most 64'],
    [['token', 'create', '--agent', 'web1', '--ttl', '8d'], '--ttl 8d: 10m, 1h, 2d; at most 7d'],
    [['token', 'create', '--agent', 'web1', '--ttl', '1'], '--ttl 1: 10m, 1h, 2d; at most 7d'],
    [['token'], 'token: no such command'],
    [['revoke'], 'revoke: no such command'],
    [['ca', 'replace'], 'ca replace: no such command'],
  ])('refuses %j', async (words, message) => {
    await using controller = await startSecured();
    await expect(controller.run(...words)).rejects.toMatchObject({
      code: 'usage',
      message,
      hint: expect.stringContaining('ctl-controller init') as string,
    });
  });

  it('identities tells who has what, until when, and when he was last seen', async () => {
    await using controller = await startSecured();
    expect(await controller.run('identities')).toBe('nobody has joined yet: ctl-controller token create --agent NAME | --operator NAME\n');
    await controller.member('--operator', 'vera', '--role', 'viewer');
    await controller.member('--agent', 'web1');
    const [head, ...rows] = (await controller.run('identities')).trimEnd().split('\n');
    expect(head).toMatch(/^KIND +NAME +ROLE +CERTIFICATE +LAST SEEN +AUTHORITY$/);
    expect(rows).toEqual([
      expect.stringMatching(/^agent +web1 +- +until 20\S+Z +never +[0-9a-f]{16}$/),
      expect.stringMatching(/^operator +vera +viewer +until 20\S+Z +never +[0-9a-f]{16}$/),
    ]);
  });
});
