import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createServiceManager, type ServiceManager } from '../../agent/services/index.js';
import type { CommandSection } from '../../agent/config/config.js';
import { systemClock } from '../../shared/ports/clock.js';
import type { SystemdHost } from './systemd.js';

/** The service managers as an agent in the container would have them, as its root. */
export async function managersIn(
  host: SystemdHost,
  folder: string,
  options: { readonly commands?: ReadonlyMap<string, CommandSection>; readonly env?: Readonly<Record<string, string>> } = {},
): Promise<() => ServiceManager> {
  const { commands = new Map<string, CommandSection>(), env = {} } = options;
  const stateDir = join(folder, 'state');
  await mkdir(stateDir, { recursive: true });
  return () =>
    createServiceManager({
      ...{ commands, stateDir, processes: host.processes, clock: systemClock, exec: host.exec },
      ...{ env: { PATH: process.env.PATH ?? '', ...env }, platform: 'linux', uid: 0, booted: true },
    });
}
