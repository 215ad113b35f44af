import { describe, expect, it } from 'vitest';
import type { Trouble } from '../../../../controller/incidents/observation.js';
import { parseState } from '../../../../controller/incidents/state.js';
import { big, busy, complaining, down, failing, HTTP_ERROR, late, TOO_BIG, UNMEASURED, unknown, well } from './reports.js';
import { BY_HAND, MONDAY, MONITORED, tell, watch } from './watch.js';

describe('a host whose agent is away', () => {
  it('is told in the second round, whatever the policy says, and is over when the agent is back', () => {
    const { dark, round, lasting } = watch(BY_HAND);
    expect(dark('web1')).toEqual([]);
    expect(dark('web1', 'web2')).toEqual(['opened - unmeasured: 2 bad rounds']);
    expect(lasting()).toMatchObject([{ service: null, host: 'web1', event: null, kind: 'unmeasured', got: 'none for 20 s' }]);
    expect(round(well())).toEqual([]);
    expect(dark()).toEqual(['ended - unmeasured: 1 good round']);
  });
});

describe('an incident', () => {
  it('opens after as many bad rounds as the policy says, and ends after as many good ones', () => {
    const { round } = watch({ ...MONITORED, failures: 3, recoveries: 2 });
    expect(round(down())).toEqual([]);
    expect(round(down())).toEqual([]);
    expect(round(down())).toEqual(['opened client1 1: 3 bad rounds']);
    expect(round(down())).toEqual(['changed client1 1: seen again']);
    expect(round(well())).toEqual([]);
    expect(round(well())).toEqual(['ended client1 1: 2 good rounds']);
    expect(round(well())).toEqual([]);
  });

  it('opens at once in a check by hand', () => {
    expect(watch(BY_HAND).round(down())).toEqual(['opened client1 1: seen once, which is enough']);
  });

  it('does not open for a service that is bad every other round', () => {
    const { round } = watch();
    for (let i = 0; i < 10; i++) expect([...round(down()), ...round(well())]).toEqual([]);
  });

  it('knows when it began, when it was last seen, how often, and what the log said last', () => {
    const { round, lasting } = watch();
    round(down());
    round(down());
    round(down());
    expect(lasting()).toEqual([
      {
        id: '20261116-120100-1',
        service: 'client1',
        host: 'web1',
        event: 1,
        kind: 'tcp',
        message: 'client1 on web1: no TCP connection',
        expected: null,
        got: 'refused',
        logEntry: 'the last entry',
        first: MONDAY,
        last: MONDAY + 120_000,
        count: 3,
        ended: null,
        action: null,
      },
    ]);
  });

  it('is one for each kind of trouble, and all of a round are told together', () => {
    const { round } = watch(BY_HAND);
    const both = failing();
    expect(round({ ...both, findings: [HTTP_ERROR, TOO_BIG] }, down({ name: 'client2' }))).toEqual([
      'opened client1 2: seen once, which is enough',
      'opened client1 3: seen once, which is enough',
      'opened client2 1: seen once, which is enough',
    ]);
    expect(round(big())).toEqual(['changed client1 3: seen again', 'ended client1 2: 1 good round']);
  });

  it('has all that is said of one kind of trouble', () => {
    const { round, lasting } = watch(BY_HAND);
    round({ ...unknown(), findings: [UNMEASURED, { ...UNMEASURED, message: 'and the balancer' }] });
    expect(lasting().map(({ message }) => message)).toEqual([
      'client1 on web1: not measured: memory, log (the agent is away); and the balancer',
    ]);
  });

  it('ends for a service that is no longer in cluster.ini', () => {
    const { round, observe } = watch(BY_HAND);
    round(down());
    const services = new Set(['client2']);
    expect(tell(observe({ type: 'round', reports: [], silent: new Set(), services, dark: null }))).toEqual([
      'ended client1 1: no longer in cluster.ini',
    ]);
  });

  it('neither opens nor ends while a planned operation works on its service', () => {
    const { silently, round } = watch();
    round(down());
    for (let i = 0; i < 3; i++) expect(silently(['client1'], down())).toEqual([]);
    expect(round(down())).toEqual(['opened client1 1: 2 bad rounds']);
    expect(silently(['client1'], well())).toEqual([]);
    expect(round(well())).toEqual(['ended client1 1: 1 good round']);
  });

  it('holds what was done about it', () => {
    const { round, observe, lasting } = watch(BY_HAND);
    round(down());
    expect(tell(observe({ type: 'acted', service: 'client1', action: 'restarted through the balancer' }))).toEqual([
      'changed client1 1: restarted through the balancer',
    ]);
    round(down());
    expect(lasting()[0]?.action).toBe('restarted through the balancer');
    expect(observe({ type: 'acted', service: 'client2', action: 'nothing was wrong with it' })).toEqual([]);
  });
});

describe('what was not measured', () => {
  it('is an incident of its own, and no critical one', () => {
    const { round } = watch();
    expect(round(unknown())).toEqual([]);
    expect(round(unknown())).toEqual(['opened client1 unmeasured: 2 bad rounds']);
    expect(round(well())).toEqual(['ended client1 unmeasured: 1 good round']);
  });

  it.each([
    ['1', down()],
    ['2', failing()],
    ['3', big()],
    ['4', complaining()],
    ['5', late()],
  ])('does not end event %s', (event, bad) => {
    const { round } = watch();
    round(bad);
    round(bad);
    const told = [...round(unknown()), ...round(unknown()), ...round(unknown())];
    expect(told.filter((change) => change.startsWith(`ended client1 ${event}`))).toEqual([]);
  });

  it('does not count as a good round between two bad ones, nor as a bad one', () => {
    const { round } = watch();
    round(down());
    round(unknown());
    expect(round(down())).toEqual(['opened client1 1: 2 bad rounds']);
  });

  it('leaves an HTTP error open as long as there is no connection to ask through', () => {
    const { round } = watch(BY_HAND);
    round(failing());
    expect(round(down())).toEqual(['opened client1 1: seen once, which is enough']);
    expect(round(well())).toEqual(['ended client1 2: 1 good round', 'ended client1 1: 1 good round']);
  });

  it('leaves too slow an answer behind when the client answers in time, even wrongly', () => {
    const { round } = watch(BY_HAND);
    round(late());
    expect(round(failing())).toEqual(['opened client1 2: seen once, which is enough', 'ended client1 5: 1 good round']);
  });

  it('does not end the trouble of a balancer that its agent has to be asked about', () => {
    const { round } = watch(BY_HAND);
    const pound = well({ name: 'zeo', type: 'Pound', http: null, memory: null, log: null });
    round({ ...pound, findings: [HTTP_ERROR] });
    expect(round({ ...pound, findings: [UNMEASURED] })).toEqual(['opened zeo unmeasured: seen once, which is enough']);
    expect(round(pound)).toContain('ended zeo 2: 1 good round');
  });
});

describe('a busy client', () => {
  it('is a warning first, and event 5 when it stays so', () => {
    const { round } = watch();
    expect(round(busy())).toEqual(['opened client1 timeout: seen once, which is enough']);
    expect(round(busy())).toEqual(['ended client1 timeout: it counts as event 5 now', 'opened client1 5: busy for 2 rounds']);
    expect(round(busy())).toEqual(['changed client1 5: seen again']);
    expect(round(well())).toEqual(['ended client1 5: 1 good round']);
    expect(round(busy())).toEqual(['opened client1 timeout: seen once, which is enough']);
  });

  it('is a warning first in a check by hand as well', () => {
    const { round } = watch(BY_HAND);
    expect(round(busy())).toEqual(['opened client1 timeout: seen once, which is enough']);
    expect(round(well())).toEqual(['ended client1 timeout: 1 good round']);
  });
});

describe('trouble that no check finds', () => {
  const trouble: Trouble = {
    service: 'client1',
    host: 'web1',
    event: null,
    kind: 'repair',
    message: 'client1 was restarted 3 times within an hour: given up',
    expected: null,
    got: null,
    logEntry: null,
    lasting: true,
    reason: 'the third repair did not help',
  };

  it('lasts until it is settled, whatever the rounds see', () => {
    const { observe, round } = watch();
    expect(tell(observe({ type: 'trouble', trouble }))).toEqual(['opened client1 repair: the third repair did not help']);
    expect(round(well())).toEqual([]);
    expect(tell(observe({ type: 'settled', place: trouble, why: 'it is well again' }))).toEqual(['ended client1 repair: it is well again']);
    expect(observe({ type: 'settled', place: trouble, why: 'it is well again' })).toEqual([]);
  });

  it('that does not last is over when it was told', () => {
    const { observe, lasting } = watch();
    const skipped: Trouble = { ...trouble, service: null, host: null, kind: 'roll', lasting: false, reason: 'the cluster is not green' };
    expect(tell(observe({ type: 'trouble', trouble: skipped }))).toEqual(['opened - roll: the cluster is not green', 'ended - roll: told']);
    expect(lasting()).toEqual([]);
  });
});

it('what was kept on the disk and is damaged is refused', () => {
  expect(() => parseState('{"opened":1,"tracks":[["x",{"bad":"many"}]],"starts":[]}')).toThrow();
});
