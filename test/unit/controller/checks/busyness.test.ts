import { describe, expect, it } from 'vitest';
import { observeBusyness } from '../../../../controller/checks/busyness.js';
import type { AgentApi, Connection } from '../../../../shared/model/agent-api.js';
import { unmeasured } from '../../../../shared/model/observation.js';
import { processId, type Memory } from '../../../../shared/model/process.js';
import { aClient, aFleet, fakeClock, never } from './fixtures.js';

const PROCESS = processId(42, 7);
const BEGAN = 1_000;
const NOW = 11_000;
const before: Memory & { ok: true } = { ok: true, process: PROCESS, rssKb: 1, uptimeS: 60, cpuMs: 5_000 };
const UNKNOWN = { state: 'unknown', why: 'nobody asks' } as const;
const connection = (pending: boolean): Connection => ({ peer: '10.0.0.2:4711', silentMs: 10, pending });

function client(over: {
  readonly memory?: Partial<Memory>;
  readonly connections?: readonly Connection[];
  readonly agent?: Partial<AgentApi>;
}) {
  const { connections = [connection(true), connection(false), connection(true)] } = over;
  return aFleet({
    web1: {
      observe: async () => ({ process: UNKNOWN, memory: { ...before, cpuMs: 13_000, ...over.memory }, log: null }),
      connections: async () => ({ ok: true, connections }),
      ...over.agent,
    },
  });
}

const observe = (over: Parameters<typeof client>[0], earlier: Parameters<typeof observeBusyness>[1] = before) =>
  observeBusyness(aClient(), earlier, BEGAN, {
    fleet: client(over),
    clock: fakeClock(NOW),
    limits: { agentTimeoutMs: 1_000 },
    signal: never,
  });

describe('a client that does not answer in time', () => {
  it('works if it used CPU time meanwhile, and requests wait', async () => {
    expect(await observe({})).toEqual({ cpuMs: 8_000, requests: 2 });
  });

  it('does not if it used next to none: a process that waits for ever does that', async () => {
    expect(await observe({ memory: { cpuMs: 5_400 } })).toBeNull();
    expect(await observe({ memory: { cpuMs: 5_500 } })).toEqual({ cpuMs: 500, requests: 2 });
  });

  it('does not if no request waits', async () => {
    expect(await observe({ connections: [connection(false)] })).toBeNull();
  });

  it.each([
    ['it is another process by now', { memory: { process: processId(43, 9) } }, before],
    ['its host does not tell of CPU time', { memory: { cpuMs: undefined } }, before],
    ['its host did not tell before', {}, { ...before, cpuMs: undefined }],
    ['it was not measured before', {}, unmeasured('the agent is away')],
    [
      'its memory cannot be measured',
      { agent: { observe: async () => ({ process: UNKNOWN, memory: unmeasured('hidden'), log: null }) } },
      before,
    ],
    ['its connections cannot be seen', { agent: { connections: async () => unmeasured('no /proc') } }, before],
  ])('cannot be told to work if %s', async (_, over, earlier) => {
    expect(await observe(over, earlier)).toBeNull();
  });
});
