import type { BalancerStates } from '../checks/standings.js';
import { balancersOf, type ClusterConfig } from '../config/cluster.js';
import type { BackendView, BalancerReport, BalancerView, Hold } from '../../shared/model/balancer-report.js';
import type { Backend } from '../../shared/model/balancer.js';
import { addressOf } from '../../shared/model/service.js';
import { describeHold, isOver } from './holds.js';

/** What the balancers say, with the names of cluster.ini, and where it does not agree. `exit` 5: one of them could not be asked. */
export function reportBalancers(
  config: ClusterConfig,
  states: BalancerStates,
  holds: readonly Hold[],
  now: number,
): Omit<BalancerReport, 'notes'> {
  const services = new Map([...config.services.values()].map((service) => [addressOf(service.spec), service.spec.name]));
  const heldBy = new Map(holds.map((hold) => [hold.service, hold]));
  const balancers = balancersOf(config).map(({ spec: { name }, host }): BalancerView => {
    const state = states.get(name);
    if (state?.ok !== true) return { name, host, driver: null, version: null, why: state?.why ?? 'not asked', backends: [] };
    const backends = state.backends.map((backend): BackendView => {
      const service = services.get(backend.address) ?? null;
      return { ...backend, service, hold: (service === null ? undefined : heldBy.get(service)) ?? null };
    });
    return { name, host, driver: state.driver, version: state.version, why: null, backends };
  });
  return { at: now, exit: balancers.some((one) => one.why !== null) ? 5 : 0, balancers, drift: driftOf(balancers, now) };
}

interface Seen extends BackendView {
  readonly balancer: string;
}

function driftOf(balancers: readonly BalancerView[], now: number): string[] {
  const all = balancers.flatMap(({ name, backends }) => backends.map((backend): Seen => ({ ...backend, balancer: name })));
  const byAddress = new Map<string, Seen[]>();
  for (const backend of all) byAddress.set(backend.address, [...(byAddress.get(backend.address) ?? []), backend]);
  return [
    ...all.flatMap((backend) => {
      const why = differs(backend);
      return why === null ? [] : [`${backend.balancer}: ${titleOf(backend)} in ${backend.place} ${why}`];
    }),
    ...[...byAddress.values()].flatMap((places) => [...disagreement(places), ...brokenHold(places, now)]),
  ];
}

/** The file against what runs; null: they agree. */
function differs({ inFile, inRuntime }: Backend): string | null {
  if (inRuntime === 'unknown')
    return `is "${inFile}" by the file, which was changed after the balancer had started: what runs is not known`;
  if (inFile === inRuntime || inFile === 'unkept') return null;
  if (inFile === 'absent') return 'is not in the file, but in the running balancer';
  if (inRuntime === 'absent') return 'is in the file, but not in the running balancer';
  return `is "${inFile}" by the file and "${inRuntime}" in the running balancer`;
}

/** One client, in here and out there. */
function disagreement(places: readonly Seen[]): string[] {
  const at = (wanted: Backend['inRuntime']) =>
    places.filter((one) => one.inRuntime === wanted).map((one) => `${one.balancer} ${one.place}`);
  const [first] = places;
  const [inAt, outAt] = [at('in'), at('out')];
  if (first === undefined || inAt.length === 0 || outAt.length === 0) return [];
  return [`${titleOf(first)} is in at ${inAt.join(', ')} and out at ${outAt.join(', ')}`];
}

function brokenHold(places: readonly Seen[], now: number): string[] {
  const held = places.find((one) => one.hold !== null && !isOver(one.hold, now) && one.inRuntime === 'in');
  return held?.hold == null ? [] : [`${titleOf(held)} ${describeHold(held.hold)}, but ${held.balancer} has it in`];
}

const titleOf = ({ service, address }: Seen): string => (service === null ? address : `${service} (${address})`);
