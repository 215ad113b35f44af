import type { IniSection } from '../../shared/ini/ini.js';
import { BALANCER_TYPES, type BalancerSpec, type BalancerType } from '../../shared/model/service.js';
import type { DrainPolicy } from './cluster.js';
import type { Member } from './inventory.js';
import { placeOf, type Reader } from './reader.js';
import { HAPROXY_KEYS, POUND_KEYS } from './schema/services.js';

/** What the section of a balancer says: to the agent that drives it, and to a roll. */
interface Balancer {
  readonly spec: BalancerSpec;
  readonly drain: DrainPolicy;
}

/** null: the service is none. */
export function readBalancer({ section, type }: Member, reader: Reader): Balancer | null {
  const balancer = BALANCER_TYPES.find((candidate) => candidate === type);
  return balancer === undefined ? null : READERS[balancer](section, reader);
}

/** One line for each type of balancer. */
const READERS: Readonly<Record<BalancerType, (section: IniSection, reader: Reader) => Balancer>> = {
  Pound: readPound,
  HAProxy: readHaproxy,
};

function readPound(section: IniSection, reader: Reader): Balancer {
  const control = reader.read(section, POUND_KEYS.control);
  const apply = reader.read(section, POUND_KEYS.apply);
  if (apply === 'control' && control === '') {
    reader.report('error', placeOf(section, 'apply'), 'there is no control socket', 'set "control" to the socket of its Control line');
  }
  return {
    spec: {
      kind: 'pound',
      conf: reader.read(section, POUND_KEYS.conf),
      control,
      exe: reader.read(section, POUND_KEYS.exe),
      apply,
      sessions: reader.read(section, POUND_KEYS.sessions),
    },
    drain: {
      drainMs: reader.read(section, POUND_KEYS.drain),
      quietMs: reader.read(section, POUND_KEYS.drain_quiet),
      timeToSleepMs: reader.read(section, POUND_KEYS.time_to_sleep),
    },
  };
}

function readHaproxy(section: IniSection, reader: Reader): Balancer {
  const conf = reader.read(section, HAPROXY_KEYS.conf);
  if (conf === '') {
    const hint = 'set "conf" to its haproxy.cfg';
    reader.report('warning', placeOf(section, 'conf'), 'is missing: a client that is out comes back in when HAProxy restarts', hint);
  }
  return {
    spec: {
      kind: 'haproxy',
      conf,
      control: reader.read(section, HAPROXY_KEYS.control),
      exe: reader.read(section, HAPROXY_KEYS.exe),
      apply: 'control',
      sessions: 'wait',
      backends: reader.read(section, HAPROXY_KEYS.backend),
    },
    drain: { drainMs: reader.read(section, HAPROXY_KEYS.drain), quietMs: 0, timeToSleepMs: 0 },
  };
}
