import { describe, expect, it } from 'vitest';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createProcesses, createServiceManager } from '../../../../agent/services/index.js';
import { AppError } from '../../../../shared/errors.js';
import type { ServiceSpec } from '../../../../shared/model/service.js';
import { systemClock } from '../../../../shared/ports/clock.js';
import type { Exec } from '../../../../shared/ports/exec.js';

const { signal } = new AbortController();

/** Which program, file or socket was asked for the state of a service. */
async function asked(host: { booted?: boolean; platform?: NodeJS.Platform; supervisor?: boolean }, spec: Partial<ServiceSpec> = {}) {
  const programs: string[] = [];
  const exec: Exec = async ([program]) => {
    programs.push(program);
    throw new AppError('failed', `${program}: no such program`);
  };
  const folder = await mkdtemp(join(tmpdir(), 'choice-'));
  try {
    const manager = createServiceManager({
      ...{ exec, commands: new Map([['Zope_1', { start: ['/bin/true'], stop: null, user: null }]]), stateDir: folder },
      ...{ processes: createProcesses(), clock: systemClock, env: {}, uid: 0 },
      ...{ booted: host.booted ?? false, platform: host.platform ?? 'linux' },
      supervisor: host.supervisor === true ? { socket: join(folder, 'none.sock') } : undefined,
    });
    const state = await manager.state(
      {
        name: 'a',
        type: 'ZeoClient',
        serviceName: 'Zope_2',
        manager: 'auto',
        ip: '127.0.0.1',
        port: 1,
        pidFile: join(folder, 'a.pid'),
        ...spec,
      },
      signal,
    );
    return programs[0] ?? ('why' in state ? state.why : state.state);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

describe('the service manager of a service that names none', () => {
  it('is its command, whatever else the host has', async () => {
    expect(await asked({ booted: true, supervisor: true }, { serviceName: 'Zope_1' })).toMatch(/^no pid file /);
  });
  it('is systemd on a host that it has booted', async () => {
    expect(await asked({ booted: true, supervisor: true })).toBe('systemctl');
  });
  it('is supervisor where agent.ini has a section for it', async () => {
    expect(await asked({ supervisor: true })).toMatch(/^supervisor does not answer at .*none\.sock/);
  });
  it('is that of Windows on Windows', async () => {
    expect(await asked({ platform: 'win32', supervisor: true })).toBe('powershell.exe');
  });
  it('is missed with the ways to have one', async () => {
    await expect(asked({})).rejects.toMatchObject({
      code: 'unsupported',
      message: 'a has no service manager',
      hint: 'add [command Zope_2] or [supervisor] to agent.ini on its host, or set service_manager in cluster.ini',
    });
  });
});

describe('the service manager that a service names', () => {
  it('is taken, whatever the host', async () => {
    expect(await asked({ booted: true, supervisor: true }, { manager: 'supervisor' })).toMatch(/^supervisor does not answer/);
  });
  it.each(['systemd', 'windows'] as const)('is refused where there is no %s', async (manager) => {
    await expect(asked({}, { manager })).rejects.toMatchObject({
      code: 'unsupported',
      message: `a has the service manager ${manager}, which does not run this host`,
    });
  });
});
