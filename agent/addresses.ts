import { networkInterfaces } from 'node:os';
import { linkSignals, orAborted } from '../shared/abort.js';
import { AppError, messageOf } from '../shared/errors.js';
import type { CallOptions } from '../shared/model/agent-api.js';
import type { BalancerState } from '../shared/model/balancer.js';
import { addressOf, type ServiceSpec } from '../shared/model/service.js';
import type { Clock } from '../shared/ports/clock.js';
import { isLoopback } from '../shared/rpc/address.js';

export interface AddressesDeps {
  readonly clock: Clock;
  /** Services that were assigned and that agent.ini allows. */
  readonly services: () => Promise<readonly ServiceSpec[]>;
  /** What a balancer of this host says of itself. */
  readonly balancer: (spec: ServiceSpec, options: CallOptions) => Promise<BalancerState>;
  /** Of this host. */
  readonly local?: () => readonly string[];
}

/**
 * Which addresses this agent may look at for its controller. What the controller assigns is only a wish: an address counts as that of a
 * service if agent.ini allows the service and the address is one of this host, and as that of a neighbour if a balancer of this host has it
 * as a backend in its own configuration. Resolves for these; rejects with `denied` for any other.
 */
export type Addresses = (target: { readonly ip: string; readonly port: number }, signal: AbortSignal) => Promise<void>;

/** A balancer is asked again after so long: each client of a round is looked at by a call of its own. */
const FRESH_MS = 5_000;
const BALANCER_MS = 3_000;

export function createAddresses({ clock, services, balancer, local = localAddresses }: AddressesDeps): Addresses {
  const backends = new Map<string, { readonly at: number; readonly addresses: Promise<ReadonlySet<string>> }>();

  return async (target, signal) => {
    const address = addressOf(target);
    const own = await services();
    if (local().includes(target.ip) && own.some((spec) => addressOf(spec) === address)) return;
    const reasons: string[] = [];
    for (const spec of own.filter((one) => one.balancer !== undefined)) {
      try {
        if ((await orAborted(backendsOf(spec), signal)).has(address)) return;
      } catch (error) {
        signal.throwIfAborted();
        reasons.push(`; ${spec.name} could not be asked: ${messageOf(error)}`);
      }
    }
    throw new AppError('denied', `${address} is neither a service of this host nor a backend of a balancer on it${reasons.join('')}`, {
      hint: 'an agent looks at nothing else, whatever it is asked: set check_from = host or controller for that service',
    });
  };

  function backendsOf(spec: ServiceSpec): Promise<ReadonlySet<string>> {
    const known = backends.get(spec.name);
    if (known !== undefined && clock.now() - known.at < FRESH_MS) return known.addresses;
    const addresses = ask(spec);
    backends.set(spec.name, { at: clock.now(), addresses });
    addresses.catch(() => backends.delete(spec.name));
    return addresses;
  }

  /** For all who wait for it, whoever of them goes away. */
  async function ask(spec: ServiceSpec): Promise<ReadonlySet<string>> {
    using linked = linkSignals([], BALANCER_MS, `the state of ${spec.name}`);
    const state = await balancer(spec, { signal: linked.signal, timeoutMs: BALANCER_MS });
    return new Set(state.backends.map((backend) => backend.address));
  }
}

/** Errors: `denied` for an address of another host: whom the agent talks to is not decided by what comes by wire. */
export function requireLocal({ name, ip }: Pick<ServiceSpec, 'name' | 'ip'>, local: readonly string[] = localAddresses()): void {
  if (isLoopback(ip) || local.includes(ip)) return;
  throw new AppError('denied', `${ip} of ${name} is not an address of this host`, {
    hint: `an agent talks to the services of its own host: set ip of ${name} to an address that \`ip addr\` shows there`,
  });
}

const localAddresses = (): readonly string[] =>
  Object.values(networkInterfaces()).flatMap((all) => (all ?? []).map(({ address }) => address));
