import type { BalancerSpec, ServiceSpec, ServiceType } from '../model/service.js';
import { cacheSpecFromWire, cacheSpecToWire } from './cache.js';
import { enumCodec, known, toUint32 } from './fields.js';
import { rotationSpecFromWire, rotationSpecToWire } from './rotation.js';
import {
  BalancerSpec_Apply as Apply,
  BalancerSpec_Kind as Kind,
  BalancerSpec_Sessions as Sessions,
  ServiceManager as Manager,
  type BalancerSpec as WireBalancerSpec,
  type ServiceSpec as WireServiceSpec,
} from './gen/ctl/v1/agent.js';
import { ServiceType as Type } from './gen/ctl/v1/common.js';

export function serviceToWire(spec: ServiceSpec): WireServiceSpec {
  return {
    name: spec.name,
    type: serviceTypes.toWire(spec.type),
    serviceName: spec.serviceName,
    manager: managers.toWire(spec.manager),
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
    type: known(serviceTypes.fromWire(wire.type), 'service type', wire.type),
    serviceName: wire.serviceName,
    manager: known(managers.fromWire(wire.manager), 'service manager', wire.manager),
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
  kind: kinds.toWire(spec.kind),
  apply: applies.toWire(spec.apply),
  sessions: sessions.toWire(spec.sessions),
  backends: [...(spec.backends ?? [])],
});

const balancerFromWire = ({ backends, ...wire }: WireBalancerSpec): BalancerSpec => ({
  ...wire,
  kind: known(kinds.fromWire(wire.kind), 'kind of balancer', wire.kind),
  apply: known(applies.fromWire(wire.apply), 'way to apply a change', wire.apply),
  sessions: known(sessions.fromWire(wire.sessions), 'treatment of sessions', wire.sessions),
  ...(backends.length === 0 ? {} : { backends }),
});

export const serviceTypes = enumCodec<ServiceType, Type>({
  ZeoClient: Type.SERVICE_TYPE_ZEO_CLIENT,
  ZeoServer: Type.SERVICE_TYPE_ZEO_SERVER,
  TCPServer: Type.SERVICE_TYPE_TCP_SERVER,
  HttpServer: Type.SERVICE_TYPE_HTTP_SERVER,
  Squid: Type.SERVICE_TYPE_SQUID,
  Pound: Type.SERVICE_TYPE_POUND,
  HAProxy: Type.SERVICE_TYPE_HAPROXY,
  Varnish: Type.SERVICE_TYPE_VARNISH,
});
const managers = enumCodec<ServiceSpec['manager'], Manager>({
  auto: Manager.SERVICE_MANAGER_AUTO,
  systemd: Manager.SERVICE_MANAGER_SYSTEMD,
  supervisor: Manager.SERVICE_MANAGER_SUPERVISOR,
  windows: Manager.SERVICE_MANAGER_WINDOWS,
  command: Manager.SERVICE_MANAGER_COMMAND,
});
const kinds = enumCodec<BalancerSpec['kind'], Kind>({ pound: Kind.KIND_POUND, haproxy: Kind.KIND_HAPROXY });
const applies = enumCodec<BalancerSpec['apply'], Apply>({
  auto: Apply.APPLY_AUTO,
  control: Apply.APPLY_CONTROL,
  restart: Apply.APPLY_RESTART,
});
const sessions = enumCodec<BalancerSpec['sessions'], Sessions>({ wait: Sessions.SESSIONS_WAIT, delete: Sessions.SESSIONS_DELETE });
