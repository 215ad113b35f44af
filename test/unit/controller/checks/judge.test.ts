import { describe, expect, it } from 'vitest';
import { judge, type Measurements } from '../../../../controller/checks/judge.js';
import { unmeasured } from '../../../../shared/model/observation.js';
import { processId } from '../../../../shared/model/process.js';
import { aClient, aService } from './fixtures.js';

const client = aClient({ ip: '10.0.0.1', port: 8080 }, { maxProcessSizeKb: 500_000 });
const zeoServer = aService({ name: 'zeo', type: 'ZeoServer', ip: '10.0.0.9', port: 8100 });
const PROCESS = processId(42, 7);
const AWAY = unmeasured('the agent of web1 is away');

const well: Measurements = {
  at: 1000,
  tcp: { ok: true, ms: 1 },
  http: { ok: true, status: 200, ms: 80, bytes: 20_000 },
  zeo: null,
  process: { state: 'running', process: PROCESS, startedAt: 0 },
  memory: { ok: true, process: PROCESS, rssKb: 300_000, uptimeS: 60 },
  log: { ok: true, since: '2026-01-01T00:00:00', findings: 0, entries: [], last: null },
  standing: { standing: 'in', why: null },
  ping: null,
  balancer: null,
};
const seen = (over: Partial<Measurements>) => judge(client, { ...well, ...over });
const late = { ok: false, fault: 'late', why: 'http://10.0.0.1:8080/ did not answer within 10000 ms' } as const;
const events = (over: Partial<Measurements>) => seen(over).findings.map((finding) => finding.event);

describe('judge', () => {
  it('finds nothing in a client that is well', () => {
    expect(seen({})).toEqual({
      name: 'client1',
      type: 'ZeoClient',
      host: 'web1',
      pool: 1,
      state: 'ok',
      balancer: 'in',
      at: 1000,
      tcp: { ok: true, ms: 1 },
      http: { ok: true, status: 200, ms: 80, bytes: 20_000 },
      memory: { ok: true, rssKb: 300_000, limitKb: 500_000, process: PROCESS, uptimeS: 60, growthKbPerH: null },
      log: { ok: true, since: '2026-01-01T00:00:00', findings: 0 },
      findings: [],
    });
  });

  it('makes event 1 of a missing connection, and nothing else of what follows from it', () => {
    const report = seen({
      tcp: { ok: false, fault: 'no-connection', why: 'connecting to 10.0.0.1:8080: connection refused' },
      http: { ok: false, fault: 'no-connection', why: 'not asked' },
    });
    expect(report).toMatchObject({ state: 'critical', http: { ok: false, why: 'not asked: no TCP connection' } });
    expect(report.tcp).toEqual({ ok: false, why: 'connecting to 10.0.0.1:8080: connection refused' });
    expect(report.findings).toEqual([
      {
        event: 1,
        kind: 'tcp',
        message: 'client1 on web1: no TCP connection to 10.0.0.1:8080',
        expected: 'an accepted connection',
        got: 'connecting to 10.0.0.1:8080: connection refused',
      },
    ]);
  });

  it('calls a client stopped that its service manager calls down, and says so', () => {
    const report = seen({
      tcp: { ok: false, fault: 'no-connection', why: 'refused' },
      process: { state: 'down', why: 'exited with 1', failed: true },
      memory: unmeasured('no pid file'),
    });
    expect(report.state).toBe('stopped');
    expect(report.memory).toEqual({ ok: false, why: 'not running: exited with 1' });
    expect(report.findings).toMatchObject([
      { event: 1, message: expect.stringMatching(/; its service manager says: exited with 1$/) as string },
    ]);
  });

  it('does not call a client stopped that answers, whatever its service manager says', () => {
    expect(seen({ process: { state: 'down', why: 'no pid file', failed: false } })).toMatchObject({ state: 'ok', findings: [] });
  });

  it('makes event 2 of an HTTP error, with the status as what it got', () => {
    const report = seen({ http: { ok: false, fault: 'error', status: 500, why: 'http://x/ answered with status 500' } });
    expect(report).toMatchObject({ state: 'critical', http: { ok: false, status: 500 } });
    expect(report.findings).toEqual([
      {
        event: 2,
        kind: 'http',
        message: 'client1 on web1: HTTP error: http://x/ answered with status 500',
        expected: 'a status below 400',
        got: 'status 500',
      },
    ]);
    expect(seen({ http: { ok: false, fault: 'error', why: 'other side closed' } }).findings[0]?.got).toBe('other side closed');
  });

  it('makes event 1 of a client that went away between the two checks', () => {
    expect(events({ http: { ok: false, fault: 'no-connection', why: 'refused' } })).toEqual([1]);
  });

  it('makes event 3 of memory over the limit, and only of that', () => {
    const report = seen({ memory: { ok: true, process: PROCESS, rssKb: 612_345, uptimeS: 60 } });
    expect(report.state).toBe('critical');
    expect(report.findings).toEqual([
      {
        event: 3,
        kind: 'memory',
        message: 'client1 on web1: process 42@7 has 612345 kB of memory, 122 % of its limit',
        expected: 'at most 500000 kB',
        got: '612345 kB',
      },
    ]);
    expect(events({ memory: { ok: true, process: PROCESS, rssKb: 500_000, uptimeS: 60 } })).toEqual([]);
  });

  it('knows no memory limit of 0', () => {
    const unlimited = aClient({}, { maxProcessSizeKb: 0 });
    expect(judge(unlimited, { ...well, memory: { ok: true, process: PROCESS, rssKb: 9e9, uptimeS: 1 } }).findings).toEqual([]);
  });

  it('makes event 4 of critical log entries, and shows the newest', () => {
    const entries = ['old', 'MemoryError\n  in line 1'].map((text) => ({ time: null, level: null, text }));
    const log = { ok: true, since: '2026-01-01T00:00:00', findings: 2, entries, last: null } as const;
    expect(seen({ log }).findings).toEqual([
      {
        event: 4,
        kind: 'log',
        message: 'client1 on web1: 2 critical entries in its log since its start at 2026-01-01T00:00:00',
        expected: 'none',
        got: 'MemoryError\n  in line 1',
      },
    ]);
    expect(seen({ log: { ...log, since: null, findings: 1 } }).findings[0]?.message).toBe(
      'client1 on web1: 1 critical entry in its log (no start marker: all of it was read)',
    );
  });

  it('makes event 5 of an answer that does not come in time', () => {
    const report = seen({ http: { ok: false, fault: 'late', why: 'http://x/ did not answer within 10000 ms' } });
    expect(report.state).toBe('critical');
    expect(report.findings).toEqual([
      {
        event: 5,
        kind: 'timeout',
        message: 'client1 on web1: http://x/ did not answer within 10000 ms',
        expected: 'the whole answer within 10 s',
        got: 'no whole answer',
      },
    ]);
  });

  it('tells what an agent that is away leaves unknown in one finding, and makes no event of it', () => {
    const report = seen({ process: { state: 'unknown', why: AWAY.why }, memory: AWAY, log: AWAY });
    expect(report).toMatchObject({ state: 'unknown', memory: AWAY, log: AWAY });
    expect(report.findings).toEqual([
      {
        event: null,
        kind: 'unmeasured',
        message: 'client1 on web1: not measured: memory, log (the agent of web1 is away)',
        expected: null,
        got: 'the agent of web1 is away',
      },
    ]);
  });

  it('lets a critical event win over what is unknown, and tells both', () => {
    const report = seen({ memory: AWAY, http: { ok: false, fault: 'error', why: 'reset' } });
    expect(report.state).toBe('critical');
    expect(report.findings.map((finding) => finding.event)).toEqual([2, null]);
  });

  it('makes no event of a service to which there is no route', () => {
    const report = seen({
      tcp: { ok: false, fault: 'unmeasurable', why: 'no route' },
      http: { ok: false, fault: 'no-connection', why: '' },
    });
    expect(report.state).toBe('unknown');
    expect(report.findings).toMatchObject([{ event: null, message: 'client1 on web1: not measured: TCP (no route)' }]);
  });

  it('tells why the standing in the balancer is not known, each reason apart', () => {
    const report = seen({ log: unmeasured('no such file'), standing: { standing: 'unknown', why: 'pound: its control socket hangs' } });
    expect(report).toMatchObject({ state: 'unknown', balancer: 'unknown' });
    expect(report.findings.map((finding) => finding.message)).toEqual([
      'client1 on web1: not measured: log (no such file)',
      'client1 on web1: not measured: standing in the balancer (pound: its control socket hangs)',
    ]);
  });

  it('tells of a balancer that its backends could not be asked for', () => {
    const pound = aService({ name: 'pound', type: 'Pound' }, { host: 'lb1' });
    const report = judge(pound, {
      ...well,
      http: null,
      memory: null,
      log: null,
      standing: { standing: 'none', why: null },
      balancer: AWAY,
    });
    expect(report).toMatchObject({ state: 'unknown', http: null, memory: null, log: null, pool: null });
    expect(report.findings.map((finding) => finding.message)).toEqual([
      'pound on lb1: not measured: state of its backends (the agent of web1 is away)',
    ]);
  });

  describe('of a ZEO server', () => {
    const zeo = (outcome: Measurements['zeo']) =>
      judge(zeoServer, {
        ...well,
        tcp: null,
        http: null,
        memory: null,
        log: null,
        standing: { standing: 'none', why: null },
        zeo: outcome,
      });

    it('takes the connection from its own protocol', () => {
      expect(zeo({ ok: true, connectMs: 2, ms: 5, greeting: 'Z5', storages: [], warnings: [] })).toMatchObject({
        state: 'ok',
        tcp: { ok: true, ms: 2 },
        http: null,
        findings: [],
      });
    });

    it('passes warnings on without making it critical', () => {
      const report = zeo({
        ok: true,
        connectMs: 2,
        ms: 5,
        greeting: 'Z5',
        storages: [],
        warnings: ['storage 1: 2 waiting for the commit lock'],
      });
      expect(report.state).toBe('ok');
      expect(report.findings).toMatchObject([
        { event: null, kind: 'zeo', message: 'zeo on web1: storage 1: 2 waiting for the commit lock' },
      ]);
    });

    it.each([
      [{ fault: 'no-connection', connectMs: null }, 1, 'tcp', false],
      [{ fault: 'error', connectMs: 2 }, 2, 'zeo', true],
      [{ fault: 'late', connectMs: 2 }, 5, 'timeout', true],
    ] as const)('makes of %j event %d', (outcome, event, kind, connected) => {
      const report = zeo({ ok: false, why: 'why', ...outcome });
      expect(report).toMatchObject({ state: 'critical', tcp: { ok: connected } });
      expect(report.findings).toMatchObject([{ event, kind }]);
    });

    it('makes no event of a missing route', () => {
      const report = zeo({ ok: false, fault: 'unmeasurable', connectMs: null, why: 'no route' });
      expect(report).toMatchObject({
        state: 'unknown',
        tcp: { ok: false, why: 'no route' },
        findings: [{ event: null, kind: 'unmeasured' }],
      });
    });
  });
});

describe('a client that does not answer in time', () => {
  const working = { cpuMs: 8100, requests: 4 };

  it('is busy if it works: a warning', () => {
    const report = seen({ http: late, busy: working });
    expect(report.state).toBe('busy');
    expect(report.findings).toEqual([
      {
        event: null,
        kind: 'timeout',
        message:
          'client1 on web1: busy: http://10.0.0.1:8080/ did not answer within 10000 ms, while it used 8.1 s of CPU time on 4 open requests',
        expected: 'the whole answer within 10 s',
        got: 'no whole answer, from a client that works',
      },
    ]);
  });

  it('is critical if nothing shows that it works', () => {
    expect(seen({ http: late, busy: null })).toMatchObject({ state: 'critical', findings: [{ event: 5, kind: 'timeout' }] });
  });

  it('is critical besides if anything else is', () => {
    const memory = { ok: true as const, process: PROCESS, rssKb: 612_345, uptimeS: 60 };
    expect(seen({ http: late, busy: working, memory }).state).toBe('critical');
    expect(events({ http: late, busy: working, memory })).toEqual([null, 3]);
  });

  it('is no less busy because its log cannot be read', () => {
    expect(seen({ http: late, busy: working, log: AWAY }).state).toBe('busy');
  });
});
