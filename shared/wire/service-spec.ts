import { BALANCER_KINDS, SERVICE_MANAGERS, SERVICE_TYPES, type BalancerSpec, type ServiceSpec } from '../model/service.js';
import { cacheSpecFromWire, cacheSpecToWire } from './cache.js';
import { enumCodec, known, oneOf, toUint32 } from './fields.js';
import { rotationSpecFromWire, rotationSpecToWire } from './rotation.js';
import {
  BalancerSpec_Apply as Apply,
  BalancerSpec_Sessions as Sessions,
  type BalancerSpec as WireBalancerSpec,
  type ServiceSpec as WireServiceSpec,
} from './gen/ctl/v1/agent.js';

export function serviceToWire(spec: ServiceSpec): WireServiceSpec {
  return {
    name: spec.name,
    type: spec.type,
    serviceName: spec.serviceName,
    manager: spec.manager,
    ip: spec.ip,
    port: toUint32(spec.port, `port of ${spec.name}`),
    pidFile: spec.pidFile,
    log: spec.log === undefined ? undefined : { ...spec.log },
    balancer: spec.balancer === undefined ? undefined : balancerToWire(spec.balancer),
    cache: spec.cache === undefined ? undefined : cacheSpecToWire(spec.cache),
    rotation: spec.rotation === undefined ? undefined : rotationSpecToWire(spec.rotation),
  };
}

/** Throws `unsupported` for a type, a manager or a balancer of a later version. */
export function serviceFromWire(wire: WireServiceSpec): ServiceSpec {
  return {
    name: wire.name,
    type: oneOf(SERVICE_TYPES, wire.type, 'service type'),
    serviceName: wire.serviceName,
    manager: oneOf(['auto', ...SERVICE_MANAGERS], wire.manager, 'service manager'),
    ip: wire.ip,
    port: wire.port,
    ...(wire.pidFile === undefined ? {} : { pidFile: wire.pidFile }),
    ...(wire.log === undefined ? {} : { log: { ...wire.log } }),
    ...(wire.balancer === undefined ? {} : { balancer: balancerFromWire(wire.balancer) }),
    ...(wire.cache === undefined ? {} : { cache: cacheSpecFromWire(wire.cache) }),
    ...(wire.rotation === undefined ? {} : { rotation: rotationSpecFromWire(wire.rotation) }),
  };
}

const balancerToWire = (spec: BalancerSpec): WireBalancerSpec => ({
  ...spec,
  apply: applies.toWire(spec.apply),
  sessions: sessions.toWire(spec.sessions),
  backends: [...(spec.backends ?? [])],
});

const balancerFromWire = ({ backends, ...wire }: WireBalancerSpec): BalancerSpec => ({
  ...wire,
  kind: oneOf(Object.values(BALANCER_KINDS), wire.kind, 'kind of balancer'),
  apply: known(applies.fromWire(wire.apply), 'way to apply a change', wire.apply),
  sessions: known(sessions.fromWire(wire.sessions), 'treatment of sessions', wire.sessions),
  ...(backends.length === 0 ? {} : { backends }),
});

const applies = enumCodec<BalancerSpec['apply'], Apply>({
  auto: Apply.APPLY_AUTO,
  control: Apply.APPLY_CONTROL,
  restart: Apply.APPLY_RESTART,
});
const sessions = enumCodec<BalancerSpec['sessions'], Sessions>({ wait: Sessions.SESSIONS_WAIT, delete: Sessions.SESSIONS_DELETE });
