import { inParallel } from '../../shared/in-parallel.js';
import { balancersOf, type Service } from '../config/cluster.js';
import { selectServices } from '../config/select.js';
import { AppError, type ErrorCode, toAppError } from '../../shared/errors.js';
import type { RunRequest } from '../../shared/model/control-api.js';
import { makePlan } from './make-plan.js';
import type { PlannedMember, RollPlan } from './plan.js';
import { ASK_MS, observeClients, serviceOf, type RollWorld } from './observe.js';
import { planPurge, planPurges, type PlannedPurges } from './purges.js';
import { planRotation, planRotations } from './rotations.js';

const NO_PURGES: PlannedPurges = { steps: [], warnings: [] };
const PING_MS = 3_000;
const ASKED_AT_ONCE = 16;
/** One attempt to find out whether a ZEO server or a frontend answers. */
const ANSWER_MS = 3_000;

/**
 * Looks at everything that an operation needs, and plans it. Touches nothing.
 * Errors: `usage` (unknown names), `unreachable` or `timeout` (an agent or a balancer that is needed does not answer), `precondition`;
 * `denied`, `config`, `unsupported`, `not-found` (a host cannot start and stop what is its own).
 */
export async function preflight(world: RollWorld, id: string, request: RunRequest, signal: AbortSignal): Promise<RollPlan> {
  const at = world.clock.now();
  const config = world.config();
  const named = request.selectors.length === 0 ? null : selectServices(config, request.selectors);
  if (request.action === 'purge') return await planPurge(world, id, request, named, signal);
  if (request.action === 'rotate') return await planRotation(world, id, request, named, signal);
  const rotate = request.rotate === true ? (await planRotations(world, named, { strict: true }, signal)).steps : [];
  const purge = request.purge === true ? await planPurges(world, null, [], signal) : NO_PURGES;
  const needed = neededHosts(world, request.action === 'stop', named);
  await pingAll(world, needed, signal);
  const balancers = balancersOf(config);
  const roots = [...config.services.values()].filter(
    (s) => s.spec.type === 'ZeoServer' || config.frontends.includes(s) || named?.includes(s),
  );
  const [answers, states] = await Promise.all([
    inParallel(
      roots,
      roots.length,
      async (s) => [s.spec.name, await world.checks.answers(s, { timeoutMs: ANSWER_MS, signal })] as const,
    ).then((pairs) => new Map(pairs)),
    world.balancers(signal),
  ]);
  // A balancer that is down is started by the plan; one that runs has to say what it does.
  for (const { spec, host } of balancers) {
    const state = states.get(spec.name);
    if (state?.ok === false && answers.get(spec.name)?.ok !== false) {
      throw new AppError('unreachable', `the state of the balancer ${spec.name} on ${host} cannot be read: ${state.why}`, {
        hint: `nothing was touched. Look at its control socket on ${host}: does it answer?`,
      });
    }
  }
  const plan = makePlan({
    id,
    at,
    request,
    config,
    named,
    clients: await observeClients(world, signal),
    answers,
    restarting: [...states].filter(([, state]) => state.ok && state.restarts === true).map(([name]) => name),
    held: world.held(at),
  });
  // What does not answer is started, whoever has it: its agent is needed then.
  const members = plan.batches.flatMap((batch) => batch.members);
  const hosts = members.flatMap(({ name }) => config.services.get(name)?.host ?? []);
  const others = new Set(hosts.filter((host) => !needed.includes(host)));
  await pingAll(world, [...others], signal);
  await refuseUnmanageable(world, members, signal);
  return {
    ...plan,
    warnings: [...plan.warnings, ...purge.warnings],
    ...(rotate.length === 0 ? {} : { rotate }),
    ...(purge.steps.length === 0 ? {} : { purge: purge.steps }),
  };
}

/** Hosts of what is to be restarted, of the balancers, and of the services that everything stands on: those are of no concern to a stop of some. */
function neededHosts({ config }: RollWorld, stops: boolean, named: readonly Service[] | null): string[] {
  const { clients, services, frontends } = config();
  const zeo = [...services.values()].filter((s) => s.spec.type === 'ZeoServer' && s.spec.serviceName !== '');
  const front = frontends.filter((s) => s.spec.serviceName !== '');
  const under = stops && named !== null ? [] : [...zeo, ...front];
  return [...new Set([...(named ?? clients), ...balancersOf(config()), ...under].map((s) => s.host))];
}

async function pingAll({ fleet }: RollWorld, hosts: readonly string[], signal: AbortSignal): Promise<void> {
  const errors = await inParallel(hosts, hosts.length, (host) =>
    fleet
      .agent(host)
      .ping({ timeoutMs: PING_MS, signal })
      .then(
        () => null,
        (error: unknown) => toAppError(error, 'unreachable', `agent ${host}`),
      ),
  );
  refuse(errors.filter((error) => error !== null));
}

/** What no waiting mends: the host does not allow the service, or nothing there starts and stops it. */
const LASTING: readonly ErrorCode[] = ['denied', 'config', 'unsupported', 'not-found'];

/** Before the first client leaves the balancer, not a minute later: whose process its host will never name can be neither stopped nor started. */
async function refuseUnmanageable(world: RollWorld, members: readonly PlannedMember[], signal: AbortSignal): Promise<void> {
  const errors = await inParallel(members, ASKED_AT_ONCE, async ({ name }) => {
    const { host } = serviceOf(world, name);
    try {
      await world.fleet.agent(host).process(name, { timeoutMs: ASK_MS, signal });
      return null;
    } catch (error) {
      signal.throwIfAborted();
      const { code, message, hint, cause } = toAppError(error, 'failed', name);
      return LASTING.includes(code) ? new AppError(code, `${name} on ${host} cannot be managed: ${message}`, { hint, cause }) : null;
    }
  });
  refuse(errors.filter((error) => error !== null));
}

function refuse(errors: readonly AppError[]): void {
  const [first] = errors;
  if (first === undefined) return;
  throw new AppError(first.code, errors.map((error) => error.message).join('; '), {
    hint: `nothing was touched. ${first.hint ?? ''}`.trim(),
    cause: first,
  });
}
