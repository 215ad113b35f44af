import { createRotation, type Rotation } from '../../agent/rotate/rotate.js';
import { createProcesses } from '../../agent/services/index.js';
import { createLogger } from '../../shared/log.js';
import { processId, type ProcessState } from '../../shared/model/process.js';
import type { RotationSpec } from '../../shared/model/rotation.js';
import type { ServiceSpec, ServiceType } from '../../shared/model/service.js';
import { systemClock, type Clock } from '../../shared/ports/clock.js';
import { exec, type Exec } from '../../shared/ports/exec.js';
import { identifyProcess } from '../../shared/ports/process-identity.js';

/** A rotation as an agent has it, of a service that is the process `pid`; null: it is down. */
export interface RotationUnderTest {
  readonly stateDir: string;
  readonly pid: number | null;
  readonly exec?: Exec;
  readonly clock?: Clock;
  readonly onStep?: (step: string) => void;
}

export function rotationOf({ stateDir, pid, onStep, exec: run = exec, clock = systemClock }: RotationUnderTest): Rotation {
  return createRotation({
    ...{ exec: run, clock, stateDir, platform: process.platform, processes: createProcesses() },
    log: createLogger({ name: 'test', level: 'error', write: () => undefined }),
    processOf: () => stateOf(pid),
    ...(onStep === undefined ? {} : { onStep }),
  });
}

async function stateOf(pid: number | null): Promise<ProcessState> {
  if (pid === null) return { state: 'down', why: 'it was not started', failed: false };
  const id = await identifyProcess(pid);
  const [, ticks = '0'] = id?.split('@') ?? [];
  return { state: 'running', process: processId(pid, Number(ticks)), startedAt: 0 };
}

export const serviceOf = (type: ServiceType): ServiceSpec => ({
  ...{ name: 'zeoclient1.1', type, serviceName: 'Zope_1', manager: 'command', ip: '127.0.0.1', port: 8080 },
});

export const specOf = (logs: readonly string[], archiveDir: string, more: Partial<RotationSpec> = {}): RotationSpec => ({
  ...{ logs, archiveDir, compress: 'none', keepDays: 0, method: 'auto' },
  ...more,
});

export const NEVER = new AbortController().signal;
