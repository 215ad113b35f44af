import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { resolveCache, resolveRotation, resolveSpec } from '../../../agent/paths.js';
import { AppError } from '../../../shared/errors.js';
import type { ServiceSpec } from '../../../shared/model/service.js';

let root = '';
beforeEach(async () => {
  root = await realpath(await mkdtemp(join(tmpdir(), 'paths-')));
  await mkdir(join(root, 'allowed/log'), { recursive: true });
  await mkdir(join(root, 'secret'));
  await writeFile(join(root, 'allowed/log/event.log'), '');
  await writeFile(join(root, 'secret/key'), '');
});
afterEach(() => rm(root, { recursive: true, force: true }));

const spec: ServiceSpec = { name: 'z', type: 'ZeoClient', serviceName: 'Z', manager: 'command', ip: '127.0.0.1', port: 1 };
const allow = {
  service: () => undefined,
  action: () => undefined,
  path(path: string) {
    if (!path.startsWith(join(root, 'allowed'))) throw new AppError('denied', `agent.ini does not allow the path ${path}`);
  },
};
const resolvePidFile = async (path: string) => (await resolveSpec({ ...spec, pidFile: path }, allow)).pidFile;

describe('resolveSpec', () => {
  it('lets an allowed file pass, whether it is there or not', async () => {
    for (const path of ['allowed/log/event.log', 'allowed/log/none', 'allowed/none/none']) {
      expect(await resolvePidFile(join(root, path))).toBe(join(root, path));
    }
  });

  it('refuses a file outside', async () => {
    const path = join(root, 'secret/key');
    await expect(resolvePidFile(path)).rejects.toMatchObject({ code: 'denied', message: `agent.ini does not allow the path ${path}` });
  });

  it('follows a link that stays inside', async () => {
    await symlink('event.log', join(root, 'allowed/log/current'));
    expect(await resolvePidFile(join(root, 'allowed/log/current'))).toBe(join(root, 'allowed/log/event.log'));
  });

  it.each([
    ['a file', 'secret/key', ''],
    ['a folder', 'secret', '/key'],
    ['a folder, to a file that is not there', 'secret', '/none'],
  ])('refuses a link that leads out: %s', async (_what, target, rest) => {
    const link = join(root, 'allowed/log/link');
    await symlink(join(root, target), link);
    await expect(resolvePidFile(`${link}${rest}`)).rejects.toMatchObject({
      code: 'denied',
      message: `${link}${rest} leads to ${join(root, target)}${rest}: agent.ini does not allow the path ${join(root, target)}${rest}`,
    });
  });

  it('refuses a link to a file that is not there: whoever writes it would write outside', async () => {
    const link = join(root, 'allowed/log/link');
    await symlink(join(root, 'secret/none'), link);
    await expect(resolvePidFile(link)).rejects.toMatchObject({ code: 'denied' });
  });

  it('checks every path of a service', async () => {
    const good = join(root, 'allowed/x');
    const bad = join(root, 'secret/key');
    const log = { file: good, readyPattern: '', criticalPattern: '', ignorePattern: '' };
    const balancer = { kind: 'pound' as const, conf: good, control: '', exe: good, apply: 'auto' as const, sessions: 'wait' as const };
    const whole = { ...spec, pidFile: good, log, balancer };
    expect(await resolveSpec(whole, allow)).toEqual(whole);
    for (const broken of [
      { ...whole, pidFile: bad },
      { ...whole, log: { ...log, file: bad } },
      { ...whole, balancer: { ...balancer, conf: bad } },
      { ...whole, balancer: { ...balancer, control: bad } },
      { ...whole, balancer: { ...balancer, exe: bad } },
    ]) {
      await expect(resolveSpec(broken, allow)).rejects.toMatchObject({ code: 'denied' });
    }
  });
});

describe('a program of a cache', () => {
  const cacheWith = (exe: string) => resolveCache({ kind: 'squid', folder: '', exe, conf: '' }, allow);
  const rotationWith = (exe: string) =>
    resolveRotation({ ...{ logs: [], archiveDir: '', compress: 'none', keepDays: 0, method: 'auto' }, squid: { exe, conf: '' } }, allow);

  it.each(['', 'squid', 'squid3'])('may be the one of the agent: %s', async (exe) => {
    expect(await cacheWith(exe)).toMatchObject({ exe });
    expect(await rotationWith(exe)).toMatchObject({ squid: { exe } });
  });

  it('may be one whose path is allowed', async () => {
    const exe = join(root, 'allowed/squid');
    expect(await cacheWith(exe)).toMatchObject({ exe });
  });

  it.each(['reboot', 'squid/../../bin/sh', './squid', '/bin/sh', 'sh\0'])('is refused if it is any other: %s', async (exe) => {
    await expect(cacheWith(exe)).rejects.toMatchObject({ code: 'denied' });
    await expect(rotationWith(exe)).rejects.toMatchObject({ code: 'denied' });
  });
});
