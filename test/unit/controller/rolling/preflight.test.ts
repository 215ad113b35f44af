import { describe, expect, it } from 'vitest';
import { preflight } from '../../../../controller/rolling/preflight.js';
import type { RollWorld } from '../../../../controller/rolling/observe.js';
import { AppError } from '../../../../shared/errors.js';
import type { AgentApi } from '../../../../shared/model/agent-api.js';
import type { BalancerState } from '../../../../shared/model/balancer.js';
import type { RunRequest } from '../../../../shared/model/control-api.js';
import type { Measured } from '../../../../shared/model/observation.js';
import { aClient, aCluster, aFleet, aService, fakeClock, never } from '../checks/fixtures.js';

const c1 = aClient({ name: 'c1', serviceName: 'c1', port: 1 }, { host: 'web1' });
const c2 = aClient({ name: 'c2', serviceName: 'c2', port: 2 }, { host: 'web2' });
const zeo = aService({ name: 'zeo', type: 'ZeoServer', serviceName: 'zeo' }, { host: 'db1' });
const pound = aService(
  {
    name: 'pound',
    type: 'Pound',
    serviceName: 'p',
    balancer: { kind: 'pound', conf: '', control: '', exe: '', apply: 'auto', sessions: 'delete' },
  },
  { host: 'lb1' },
);
const here: Partial<AgentApi> = {
  ping: async () => ({ name: '', version: '1', at: 0 }),
  process: async () => ({ state: 'down', why: 'nothing runs', failed: false }),
};
const ALL = { web1: here, web2: here, db1: here, lb1: here };
const holding: Measured<BalancerState> = {
  ...{ ok: true, name: 'pound', driver: 'pound-control', version: '4.16', aliveIntervalS: 30 },
  backends: ['127.0.0.1:1', '127.0.0.1:2'].map((address) => ({
    ...{ address, place: 'main/all', inFile: 'in', inRuntime: 'in', alive: true, sessions: 0, inFlight: null },
  })),
};

interface Seen {
  readonly agents?: Readonly<Record<string, Partial<AgentApi>>>;
  readonly balancer?: Measured<BalancerState>;
  readonly silent?: readonly string[];
}

function look(request: Partial<RunRequest> = {}, { agents = ALL, balancer = holding, silent = [] }: Seen = {}) {
  const world: RollWorld = {
    config: () => aCluster([zeo, pound, c1, c2], { clients: [c1, c2], frontends: [pound] }),
    fleet: aFleet(agents),
    checks: {
      answers: async ({ spec }) => (silent.includes(spec.name) ? { ok: false, why: 'connection refused' } : { ok: true, ms: 1 }),
      health: async () => ({ ok: true, status: 200, ms: 1, bytes: 1 }),
      warm: async () => [],
      report: async () => [],
    },
    clock: fakeClock(),
    held: () => new Map(),
    balancers: async () => new Map([['pound', balancer]]),
  };
  const whole: RunRequest = {
    ...{ action: 'start', selectors: [], by: 'alice@web1', force: false, oldForm: false, maxFail: null, batch: null, deadlineS: null },
    ...request,
  };
  return preflight(world, '20260101-000000-0001', whole, never);
}
async function refusal(...given: Parameters<typeof look>): Promise<Pick<AppError, 'code' | 'message' | 'hint'>> {
  const error: unknown = await look(...given).catch((e: unknown) => e);
  if (!(error instanceof AppError)) throw new Error('it was planned');
  return { code: error.code, message: error.message, hint: error.hint };
}
const without = (...hosts: string[]) => ({ agents: Object.fromEntries(Object.entries(ALL).filter(([host]) => !hosts.includes(host))) });

describe('before anything is touched', () => {
  it('all agents that are needed are asked, and all that are away are named', async () => {
    expect(await refusal({}, without('web2', 'lb1'))).toEqual({
      code: 'unreachable',
      message: 'the agent of web2 is away; the agent of lb1 is away',
      hint: 'nothing was touched.',
    });
    expect(await refusal({}, without('db1'))).toMatchObject({ message: 'the agent of db1 is away' });
  });

  it('agents that are not needed may be away', async () => {
    expect((await look({ selectors: ['c1'] }, without('web2'))).batches).toHaveLength(1);
    expect((await look({ action: 'stop', selectors: ['c1'] }, without('web2', 'db1'))).batches).toHaveLength(1);
    expect(await refusal({ action: 'stop', selectors: ['zeo'] }, without('db1'))).toMatchObject({ code: 'unreachable' });
  });

  it.each(['denied', 'config', 'unsupported', 'not-found'] as const)(
    'what its host will never start is told, and nothing is begun: %s',
    async (code) => {
      const process = () => Promise.reject(new AppError(code, 'it is not ours', { hint: 'look into agent.ini' }));
      const agents = { ...ALL, web1: { ...here, process }, web2: { ...here, process } };
      expect(await refusal({}, { agents })).toEqual({
        code,
        message: 'c1 on web1 cannot be managed: it is not ours; c2 on web2 cannot be managed: it is not ours',
        hint: 'nothing was touched. look into agent.ini',
      });
      expect((await look({ selectors: ['c2'] }, { agents: { ...agents, web2: here } })).batches).toHaveLength(1);
    },
  );

  it('a process that cannot be told just now is left to the roll, which waits', async () => {
    const process = () => Promise.reject(new AppError('timeout', 'its manager took longer than 5 s'));
    expect((await look({}, { agents: { ...ALL, web1: { ...here, process } } })).batches).toHaveLength(2);
  });

  it('a balancer that runs has to say what it does', async () => {
    expect(await refusal({}, { balancer: { ok: false, why: 'the control socket does not answer' } })).toEqual({
      code: 'unreachable',
      message: 'the state of the balancer pound on lb1 cannot be read: the control socket does not answer',
      hint: 'nothing was touched. Look at its control socket on lb1: does it answer?',
    });
  });

  it('one that is down is started first', async () => {
    const plan = await look({}, { balancer: { ok: false, why: 'no socket' }, silent: ['pound'] });
    expect(plan.batches.map(({ members }) => members.map(({ name }) => name))).toEqual([['pound'], ['c1'], ['c2']]);
    expect(plan.batches[1]?.members[0]?.steps).toContain('drain');
  });

  it('an unknown name is told with the nearest ones', async () => {
    expect(await refusal({ selectors: ['c11'] })).toMatchObject({ code: 'usage', message: 'no service matches "c11"' });
  });
});
