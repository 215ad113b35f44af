import { describe, expect, it } from 'vitest';
import { decideIncidents } from '../../../../controller/incidents/decide.js';
import type { IncidentPolicy, Observation, Trouble } from '../../../../controller/incidents/observation.js';
import { formatState, NOTHING_YET, parseState, type IncidentState } from '../../../../controller/incidents/state.js';
import type { AgentEvent } from '../../../../shared/model/agent-event.js';
import type { ServiceReport } from '../../../../shared/model/check-report.js';
import type { IncidentChange } from '../../../../shared/model/incident.js';
import { processId } from '../../../../shared/model/process.js';
import { big, busy, complaining, down, failing, HTTP_ERROR, late, MARKER, TOO_BIG, UNMEASURED, unknown, well } from './reports.js';

const MONITORED: IncidentPolicy = { failures: 2, recoveries: 1, busyRounds: 2 };
const BY_HAND: IncidentPolicy = { failures: 1, recoveries: 1, busyRounds: 2 };
const SERVICES = new Set(['client1', 'client2', 'zeo']);
const MONDAY = Date.UTC(2026, 10, 16, 12, 0, 0);

/** One cluster after the other, a minute between two observations. */
function watch(policy = MONITORED) {
  let state: IncidentState = NOTHING_YET;
  let now = MONDAY;
  const observe = (observation: Observation): readonly IncidentChange[] => {
    const decision = decideIncidents(state, observation, policy, now);
    // What is kept on the disk is all that the next decision may go by.
    state = parseState(formatState(decision.state));
    now += 60_000;
    return decision.changes;
  };
  return {
    observe,
    round: (...reports: ServiceReport[]) =>
      tell(observe({ type: 'round', reports: reports.map((r) => ({ ...r, at: now })), silent: new Set(), services: SERVICES, dark: null })),
    silently: (silent: string[], ...reports: ServiceReport[]) =>
      tell(observe({ type: 'round', reports, silent: new Set(silent), services: SERVICES, dark: null })),
    dark: (...hosts: string[]) =>
      tell(
        observe({
          type: 'round',
          reports: [],
          silent: new Set(),
          services: SERVICES,
          dark: hosts.map((host) => ({ host, silentMs: 20_000 })),
        }),
      ),
    agent: (...events: AgentEvent[]) => tell(observe({ type: 'agent', host: 'web1', events, silent: new Set(), services: SERVICES })),
    lasting: () => [...state.tracks.values()].flatMap(({ incident }) => incident ?? []),
  };
}

const tell = (changes: readonly IncidentChange[]): string[] =>
  changes.map(({ type, incident, reason }) => `${type} ${incident.service ?? '-'} ${incident.event ?? incident.kind}: ${reason}`);

const entry = (fields: { id?: string; time?: string | null } = {}): AgentEvent => ({
  id: fields.id ?? 'e1',
  at: MONDAY,
  service: 'client1',
  kind: 'critical-entry',
  file: '/srv/zope/1/log/event.log',
  entry: { time: fields.time === undefined ? '2026-11-13 13:00:00' : fields.time, level: 'ERROR', text: 'ERROR it broke' },
});
const death: AgentEvent = { id: 'd1', at: MONDAY, service: 'client1', kind: 'died', process: processId(42, 1), why: 'killed by signal 9' };

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

describe('a critical log entry', () => {
  it('needs no second one', () => {
    expect(watch().round(complaining())).toEqual(['opened client1 4: a critical log entry needs no second one']);
  });

  it('is not over when the log was rotated', () => {
    const { round } = watch();
    round(complaining());
    for (let i = 0; i < 3; i++) expect(round(well())).toEqual([]);
  });

  it('is over when Zope was started anew and its log is clean', () => {
    const { round } = watch();
    round(complaining());
    expect(round(well({ log: { ok: true, since: '2026-11-13 18:00:00', findings: 0 } }))).toEqual([
      'ended client1 4: started anew, and its log is clean',
    ]);
  });

  it('goes on if the new Zope complains as well', () => {
    const { round } = watch();
    round(complaining());
    expect(round(complaining({ log: { ok: true, since: '2026-11-13 18:00:00', findings: 2 } }))).toEqual(['changed client1 4: seen again']);
    expect(round(well({ log: { ok: true, since: '2026-11-13 18:00:00', findings: 0 } }))).toEqual([]);
  });

  it('is over after a new process where the log has no start markers', () => {
    const { round } = watch();
    const log = { ok: true as const, since: null, findings: 0 };
    const memory = { ok: true as const, rssKb: 1, limitKb: 0, uptimeS: 1, growthKbPerH: null };
    round(complaining({ log: { ...log, findings: 1 }, memory: { ...memory, process: processId(42, 1) } }));
    expect(round(well({ log, memory: { ...memory, process: processId(42, 1) } }))).toEqual([]);
    expect(round(well({ log, memory: { ...memory, process: processId(43, 9) } }))).toEqual([
      'ended client1 4: started anew, and its log is clean',
    ]);
  });

  it('that an agent tells counts at once, with its text, and a second one is the same incident', () => {
    const { round, agent, lasting } = watch();
    round(well());
    expect(agent(entry())).toEqual(['opened client1 4: a critical log entry needs no second one']);
    expect(agent(entry({ id: 'e2' }))).toEqual(['changed client1 4: seen again']);
    expect(lasting()).toMatchObject([{ kind: 'log', logEntry: 'ERROR it broke', count: 2, first: MONDAY }]);
    expect(round(well())).toEqual([]);
    expect(round(well({ log: { ok: true, since: '2026-11-13 18:00:00', findings: 0 } }))).toEqual([
      'ended client1 4: started anew, and its log is clean',
    ]);
  });

  it('that an agent tells before the first round is over only after a start that is later than it', () => {
    const { round, agent } = watch();
    agent(entry({ time: '2026-11-13 13:00:00,120' }));
    expect(round(well())).toEqual([]);
    expect(round(well({ log: { ok: true, since: '2026-11-13T13:00:01', findings: 0 } }))).toEqual([
      'ended client1 4: started anew, and its log is clean',
    ]);
  });

  it('that comes late, from before the last start, is over with the next round', () => {
    const { round, agent } = watch();
    round(well());
    expect(agent(entry({ time: '2026-11-13 09:00:00' }))).toHaveLength(1);
    expect(round(well({ log: { ok: true, since: MARKER, findings: 0 } }))).toEqual(['ended client1 4: started anew, and its log is clean']);
  });
});

describe('the end of a process', () => {
  it('of a process that died has the last words of its log', () => {
    const { agent, lasting } = watch();
    agent({ ...death, lastEntry: 'ERROR it broke' });
    expect(lasting()).toMatchObject([{ message: 'client1 on web1: killed by signal 9', logEntry: 'ERROR it broke' }]);
  });

  it('needs no second one, and is over when the service is there again', () => {
    const { agent, round } = watch();
    expect(agent(death)).toEqual(['opened client1 1: the end of a process needs no second one']);
    expect(round(down())).toEqual(['changed client1 1: seen again']);
    expect(round(well())).toEqual(['ended client1 1: 1 good round']);
  });

  it('says nothing of a service that is being restarted, or that cluster.ini does not have', () => {
    const { observe } = watch();
    const told = { type: 'agent' as const, host: 'web1', events: [death], services: SERVICES };
    expect(observe({ ...told, silent: new Set(['client1']) })).toEqual([]);
    expect(observe({ ...told, silent: new Set(), services: new Set() })).toEqual([]);
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
