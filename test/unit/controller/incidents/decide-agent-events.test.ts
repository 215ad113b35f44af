import { describe, expect, it } from 'vitest';
import type { AgentEvent } from '../../../../shared/model/agent-event.js';
import { processId } from '../../../../shared/model/process.js';
import { complaining, down, MARKER, well } from './reports.js';
import { MONDAY, SERVICES, watch } from './watch.js';

const entry = (fields: { id?: string; time?: string | null } = {}): AgentEvent => ({
  id: fields.id ?? 'e1',
  at: MONDAY,
  service: 'client1',
  kind: 'critical-entry',
  file: '/srv/zope/1/log/event.log',
  entry: { time: fields.time === undefined ? '2026-11-13 13:00:00' : fields.time, level: 'ERROR', text: 'ERROR it broke' },
});
const death: AgentEvent = { id: 'd1', at: MONDAY, service: 'client1', kind: 'died', process: processId(42, 1), why: 'killed by signal 9' };

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
