import { describe, expect, it } from 'vitest';
import type { HostStatus } from '../../../../controller/fleet/fleet.js';
import { createSkew, skewWarnings } from '../../../../controller/fleet/skew.js';

describe('the clock of an agent', () => {
  it('is compared by the heartbeat that was on its way for the shortest time', () => {
    const skew = createSkew();
    expect(skew.ms()).toBeNull();
    for (const lateMs of [900, 20, 7000]) skew.beat(1_060_000, 1_000_000 + lateMs);
    expect(skew.ms()).toBe(59_980);
  });

  it('is forgotten as it was a few heartbeats ago', () => {
    const skew = createSkew();
    skew.beat(60_000, 0);
    for (let n = 0; n < 4; n++) skew.beat(10, 20);
    expect(skew.ms()).toBe(-10);
  });

  const host = (name: string, skewMs: number | null, connected = true): HostStatus => ({
    ...{ host: name, connected, lastSeen: 1, version: '1' },
    skewMs,
  });
  const about = { services: ['web1', 'web2', 'web3', 'web4', 'web5'].map((name) => ({ host: name }) as never) };

  it('is warned of where it is more than 5 s off, either way, on a host that a report is about', () => {
    const hosts = [host('web1', 5_000), host('web2', 61_000), host('web3', -7_200), host('web4', null), host('web5', 9e9, false)];
    expect(skewWarnings([...hosts, host('elsewhere', 9e9)], about)).toEqual([
      "the clock of web2 is 61 s ahead of the controller's: times in its logs mislead; is NTP running there? See: timedatectl",
      "the clock of web3 is 7 s behind the controller's: times in its logs mislead; is NTP running there? See: timedatectl",
    ]);
  });
});
