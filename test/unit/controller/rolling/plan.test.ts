import { describe, expect, it } from 'vitest';
import type { Client, RollHooks, Service } from '../../../../controller/config/cluster.js';
import type { ClientFacts } from '../../../../controller/rolling/facts.js';
import { makePlan, parseBatch, type PlanInput } from '../../../../controller/rolling/make-plan.js';
import { planSteps, type RollPlan } from '../../../../controller/rolling/plan.js';
import { AppError } from '../../../../shared/errors.js';
import type { RunRequest } from '../../../../shared/model/control-api.js';
import { aClient, aCluster, aPolicy, aService } from '../checks/fixtures.js';
import { DEAD, FULL, ID, SERVING } from './fixtures.js';

const client = (name: string, pool = 1): Client => aClient({ name, serviceName: name, port: Number(name.slice(1)) }, { pool });
const zeo = aService({ name: 'zeo', type: 'ZeoServer', serviceName: 'zeo' });
const squid = aService({ name: 'squid', type: 'Squid', serviceName: 'squid' });
const monitor = aService({ name: 'monitor', type: 'HttpServer', serviceName: 'monitor' });
const pound = aService(
  {
    name: 'pound',
    type: 'Pound',
    serviceName: 'pound',
    balancer: { kind: 'pound', conf: '', control: '', exe: '', apply: 'auto', sessions: 'delete' },
  },
  { drain: { drainMs: 30_000, quietMs: 5_000, timeToSleepMs: 20_000 } },
);

interface Case {
  readonly clients?: readonly Client[];
  readonly facts?: Readonly<Record<string, ClientFacts>>;
  readonly others?: readonly Service[];
  readonly frontends?: readonly Service[];
  /** Services that do not answer. */
  readonly silent?: readonly Service[];
  readonly named?: readonly Service[] | null;
  readonly request?: Partial<RunRequest>;
  readonly minActive?: number;
  readonly hooks?: RollHooks;
  readonly batch?: string;
  readonly restarts?: boolean;
}

const C1 = client('c1');
const C4 = client('c4', 2);
const FOUR = [C1, client('c2'), client('c3', 2), C4];

function plan(given: Case = {}): RollPlan {
  const { clients = FOUR, facts = {}, others = [zeo, pound], frontends = [pound], silent = [], named = null, minActive = 1 } = given;
  const services = [...others, ...frontends, ...clients];
  // How a plan is told of a balancer that each change restarts, and of clients that are held out by hand.
  const rest = { restarting: given.restarts === true ? ['pound'] : [], changesRestartBalancer: given.restarts === true, held: new Map() };
  const input: PlanInput = {
    id: ID,
    at: 0,
    request: {
      ...{ action: 'start', selectors: [], by: 'alice@web1', force: false, oldForm: false, maxFail: null, batch: null, deadlineS: null },
      ...given.request,
    },
    config: aCluster(services, {
      clients,
      frontends,
      cluster: aPolicy({
        minActive,
        batch: parseBatch(given.batch ?? 'auto'),
        ...(given.hooks === undefined ? {} : { hooks: given.hooks }),
      }),
    }),
    named,
    clients: new Map(
      clients.map(({ spec: { name }, pool }) => [name, facts[name] ?? (pool === 0 ? { standing: 'none', health: 'passing' } : SERVING)]),
    ),
    answers: new Map(
      services.map((service) => [service.spec.name, silent.includes(service) ? { ok: false, why: 'refused' } : { ok: true }]),
    ),
    ...rest,
  };
  return makePlan(input);
}

const batches = (made: RollPlan) => made.batches.map(({ members }) => members.map(({ name }) => name).join(' '));
const stepsOf = (made: RollPlan, name: string) => made.batches.flatMap(({ members }) => members).find((m) => m.name === name)?.steps;
function refusal(given: Case): Pick<AppError, 'code' | 'message' | 'hint'> {
  try {
    plan(given);
  } catch (error) {
    if (error instanceof AppError) return { code: error.code, message: error.message, hint: error.hint };
    throw error;
  }
  throw new Error('it was planned');
}

describe('the order of a roll', () => {
  it('goes pool by pool, ascending, whatever the order in the file; those outside the balancer first', () => {
    const clients = [client('c1', 7), client('c2', 1), client('c3', 0), client('c4', 7)];
    expect(batches(plan({ clients }))).toEqual(['c3', 'c2', 'c1', 'c4']);
    expect(plan({ clients }).batches.map(({ pool }) => pool)).toEqual([0, 1, 7, 7]);
  });

  it('has every step for a client in the balancer, and none of the balancer for others', () => {
    const clients = [client('c1'), client('c2'), client('c3', 0), client('c4')];
    const made = plan({ clients, facts: { c4: { standing: 'none', health: 'passing' } } });
    expect(stepsOf(made, 'c1')).toEqual(FULL);
    for (const name of ['c3', 'c4']) expect(stepsOf(made, name)).toEqual(['stop', 'start', 'check', 'warm']);
  });

  it('starts a silent ZEO server first, then silent frontends, and leaves those alone that answer', () => {
    expect(batches(plan())).toEqual(['c1', 'c2', 'c3', 'c4']);
    const made = plan({ silent: [squid, zeo, pound], frontends: [squid, pound] });
    expect(batches(made)).toEqual(['zeo', 'squid', 'pound', 'c1', 'c2', 'c3', 'c4']);
    for (const name of ['zeo', 'squid']) expect(stepsOf(made, name)).toEqual(['start', 'check']);
  });

  it('restarts a frontend that is named, and other services that are', () => {
    const made = plan({ frontends: [squid, pound], others: [zeo, monitor], named: [squid, monitor] });
    expect(batches(made)).toEqual(['squid', 'monitor']);
    expect(stepsOf(made, 'squid')).toEqual(['stop', 'start', 'check']);
    expect(made.warnings).toEqual([
      expect.stringContaining('squid is restarted: requests to it fail meanwhile'),
      expect.stringContaining('monitor'),
    ]);
    expect(plan({ named: [zeo, C1] }).warnings).toEqual(['zeo is restarted: requests that need it wait or fail meanwhile']);
    expect(stepsOf(plan({ named: [zeo], silent: [zeo] }), 'zeo')).toEqual(['start', 'check']);
  });

  it('restarts only the clients that are named, and starts silent roots all the same', () => {
    expect(batches(plan({ named: [C4, C1], silent: [zeo] }))).toEqual(['zeo', 'c1', 'c4']);
  });

  it('leaves dead clients in where nobody serves: the last backend is never taken out', () => {
    const dead = { c1: DEAD, c2: DEAD, c3: DEAD, c4: DEAD };
    expect(plan({ facts: dead, named: [C1] }).takeOut).toEqual([]);
  });

  it('takes dead clients out that it does not start', () => {
    expect(plan({ facts: { c2: DEAD, c4: { standing: 'in', health: 'down' } }, named: [C1] }).takeOut).toEqual(['c2', 'c4']);
    expect(plan({ facts: { c2: DEAD } }).takeOut).toEqual([]);
    const others: Record<string, ClientFacts> = {
      c2: { standing: 'out', health: 'down' },
      c3: { standing: 'dead', health: 'unknown' },
      c4: { standing: 'in', health: 'failing' },
    };
    expect(plan({ facts: others, named: [C1], request: { force: true } }).takeOut).toEqual([]);
  });

  it('has the times of the balancer and of the service in it', () => {
    const timing = { drainMs: 30_000, quietMs: 5_000, timeToSleepMs: 20_000, startDeadlineMs: 300_000, stopDeadlineMs: 120_000 };
    expect(plan().batches[0]?.members[0]?.timing).toEqual(timing);
    expect(plan({ request: { maxFail: 2, deadlineS: 60 } }).policy).toEqual({
      minActive: 1,
      guarded: true,
      maxFail: 2,
      deadlineMs: 60_000,
    });
  });
});

describe('what a roll is asked to watch', () => {
  const hook = (name: string) => [`/hooks/${name}`] as const;
  const hooks = { beforeRoll: hook('before'), afterRoll: null, beforeClient: null, afterClient: hook('after') };

  it('stands in its policy, and the page with each client', () => {
    const made = plan({ request: { canary: 2, canaryWaitS: 60, minHealthyS: 30, path: '/news' } });
    expect(made.policy).toMatchObject({ canary: { clients: 2, waitMs: 60_000 }, minHealthyMs: 30_000 });
    expect(plan({ request: { canary: 1 } }).policy.canary).toEqual({ clients: 1, waitMs: null });
    expect(made.batches.flatMap((batch) => batch.members.map(({ path }) => path))).toEqual(Array(4).fill('/news'));
  });

  it('are the hooks that there are; a stop has none', () => {
    expect(plan({ hooks }).hooks).toEqual({ before_roll: ['/hooks/before'], after_client: ['/hooks/after'] });
    expect(plan({ hooks, request: { action: 'stop' } }).hooks).toBeUndefined();
    expect(plan().hooks).toBeUndefined();
  });
});

describe('a stop', () => {
  const stop = (given: Case = {}) => plan({ ...given, request: { action: 'stop' } });
  it('of everything takes the clients of a pool out together, then stops the frontends, then the ZEO server, and starts nobody', () => {
    const made = stop({ silent: [zeo] });
    expect(batches(made)).toEqual(['c1 c2', 'c3 c4', 'pound', 'zeo']);
    expect(stepsOf(made, 'c1')).toEqual(['out', 'drain', 'stop']);
    expect(stepsOf(made, 'pound')).toEqual(['stop']);
    expect(made.policy.guarded).toBe(false);
  });

  it('stops a ZEO server that is named as a frontend, too, once and last', () => {
    expect(batches(stop({ frontends: [zeo, pound] }))).toEqual(['c1 c2', 'c3 c4', 'pound', 'zeo']);
  });

  it('of everything leaves what has no manager', () => {
    const unmanaged = aService({ name: 'outside', type: 'HttpServer', serviceName: '' });
    expect(batches(stop({ frontends: [unmanaged, pound] }))).toEqual(['c1 c2', 'c3 c4', 'pound', 'zeo']);
  });

  it('ends what the clients stand on last, ZEO at the very end', () => {
    const made = stop({ named: [zeo, pound, C1, squid], frontends: [squid, pound] });
    expect(batches(made)).toEqual(['c1', 'pound', 'squid', 'zeo']);
    expect(stepsOf(made, 'zeo')).toEqual(['stop']);
  });
});

describe('the size of a batch', () => {
  const ten = Array.from({ length: 10 }, (_, i) => client(`c${i + 1}`));
  const sizes = (given: Case) => plan({ clients: ten, ...given }).batches.map(({ members }) => members.length);
  it.each<[string, Case, number[]]>([
    ['auto: one, where the balancer is told without a restart', {}, Array<number>(10).fill(1)],
    ['auto: the pool, where each change restarts it', { restarts: true }, [9, 1]],
    ['pool, clipped so that one stays', { batch: 'pool' }, [9, 1]],
    ['a number', { batch: '4' }, [4, 4, 2]],
    ['a number over that of the clients', { batch: '99', minActive: 5 }, [5, 5]],
    ['a percentage, rounded down', { batch: '25%' }, [2, 2, 2, 2, 2]],
    ['a percentage of less than one client', { batch: '5%' }, Array<number>(10).fill(1)],
    ['what the command line says rather than the file', { batch: 'pool', request: { batch: '5' } }, [5, 5]],
    ['clipped by min_active', { batch: 'pool', minActive: 7 }, [3, 3, 3, 1]],
    [
      'clipped by those that do not serve',
      { batch: 'pool', minActive: 7, facts: { c9: DEAD, c10: { standing: 'in', health: 'unknown' } } },
      Array<number>(10).fill(1),
    ],
    ['not clipped if it is forced', { batch: 'pool', minActive: 7, request: { force: true } }, [10]],
  ])('%s', (_, given, expected) => expect(sizes(given)).toEqual(expected));

  it('is one without a balancer, whatever is asked for', () => {
    const facts = Object.fromEntries(ten.map(({ spec }) => [spec.name, { standing: 'none', health: 'passing' } as const]));
    expect(sizes({ batch: 'pool', others: [zeo], frontends: [], facts })).toEqual(Array<number>(10).fill(1));
  });

  it('counts the clients of the whole cluster, not of the pool', () => {
    expect(batches(plan({ batch: 'pool', minActive: 2 }))).toEqual(['c1 c2', 'c3 c4']);
    expect(batches(plan({ batch: 'pool', minActive: 3 }))).toEqual(['c1', 'c2', 'c3', 'c4']);
  });

  it.each(['0', '-1', '101%', '0%', '1.5', '', 'all', '2 ', '1e3', '12345678'])('is not "%s"', (text) => {
    expect(() => parseBatch(text)).toThrow(
      expect.objectContaining({
        code: 'usage',
        message: `--batch ${text} is not a batch size`,
        hint: 'a number of clients (2), a percentage (25%), pool, or auto',
      }),
    );
  });
});

describe('a plan that would leave too few', () => {
  it('is refused, with who is missing and how to start them', () => {
    expect(refusal({ minActive: 2, facts: { c2: DEAD, c3: { standing: 'in', health: 'unknown' } } })).toEqual({
      code: 'precondition',
      message:
        'only 2 of 4 clients serve, taking one out would leave 1, and min_active is 2; ' +
        'not serving: c2 (dead in the balancer, down), c3 (unknown)',
      hint: 'start the dead ones first: ctl start c2 (or --force)',
    });
  });

  it('is refused with other advice where nobody is dead', () => {
    expect(refusal({ minActive: 4 })).toEqual({
      code: 'precondition',
      message: 'only 4 of 4 clients serve, taking one out would leave 3, and min_active is 4',
      hint: 'wait until the others serve, lower min_active, or use --force',
    });
  });

  it('is carried out if it is forced, with a warning', () => {
    const made = plan({ minActive: 4, request: { force: true } });
    expect(made.policy.guarded).toBe(false);
    expect(made.warnings).toContain('forced: clients are taken out whatever stays in the balancer');
  });

  it('is none if it starts only clients that are down', () => {
    const facts = { c1: DEAD, c2: DEAD, c3: DEAD };
    expect(batches(plan({ minActive: 3, facts, named: FOUR.slice(0, 2) }))).toEqual(['c1', 'c2']);
  });

  it('is none where a single client is in the balancer: it is restarted with a warning', () => {
    const made = plan({ clients: [client('c1'), client('c2', 0)] });
    expect(made.policy.guarded).toBe(false);
    expect(made.warnings).toEqual(['c1 is the only client in the balancer: nobody answers while it restarts']);
    expect(plan({ clients: [client('c1')], facts: { c1: DEAD } }).warnings).toEqual([]);
  });
});

describe('what is warned of', () => {
  const none: ClientFacts = { standing: 'none', health: 'passing' };
  it('a cluster without a balancer', () => {
    const facts = { c1: none, c2: none, c3: none, c4: none };
    const made = plan({ others: [zeo], frontends: [], facts });
    expect(made.warnings).toEqual(['no balancer in this cluster: clients restart one after another, requests to them fail meanwhile']);
    expect(made.policy.guarded).toBe(false);
    expect(stepsOf(made, 'c1')).toEqual(['stop', 'start', 'check', 'warm']);
  });

  it('a client that should be in a balancer and is in none', () => {
    expect(plan({ facts: { c2: none } }).warnings).toEqual([
      'c2: no balancer has a backend 127.0.0.1:2; it restarts without being taken out',
    ]);
    expect(plan({ clients: [client('c1'), client('c2'), client('c3', 0)] }).warnings).toEqual([]);
  });
});

describe('a plan on the screen', () => {
  it('has a line for each step, with batch, pool and bounds; dead clients first', () => {
    const made = plan({ facts: { c4: DEAD }, named: FOUR.slice(0, 3), silent: [zeo] });
    const lines = planSteps(made).map(({ batch, pool, step, service, detail }) => [batch, pool, step, service, detail]);
    expect(lines.slice(0, 10)).toEqual([
      [0, null, 'out', 'c4', 'it is dead'],
      [1, null, 'start', 'zeo', null],
      [1, null, 'check', 'zeo', 'at most 300 s'],
      [2, 1, 'out', 'c1', null],
      [2, 1, 'drain', 'c1', 'at most 30 s'],
      [2, 1, 'stop', 'c1', 'killed after 120 s'],
      [2, 1, 'start', 'c1', null],
      [2, 1, 'check', 'c1', 'at most 300 s'],
      [2, 1, 'warm', 'c1', null],
      [2, 1, 'in', 'c1', null],
    ]);
    expect(lines.filter(([, , step]) => step === 'in').map(([batch, pool, , service]) => [batch, pool, service])).toEqual([
      [2, 1, 'c1'],
      [3, 1, 'c2'],
      [4, 2, 'c3'],
    ]);
  });
});
