import { describe, expect, it } from 'vitest';
import type { CheckReport, ServiceReport } from '../../../../../shared/model/check-report.js';
import { formatReport } from '../../../../../controller/ctl/format/check-table.js';
import { formatNagios } from '../../../../../controller/ctl/format/nagios.js';
import { createStyle } from '../../../../../controller/ctl/format/style.js';
import { FAKE_NOW, wellClient } from '../../../../support/well-cluster.js';

const plain = createStyle({ color: false, unicode: true });
const CRITICAL: ServiceReport = {
  ...wellClient('zeoclient1.2'),
  state: 'critical',
  at: FAKE_NOW - 12_000,
  http: { ok: false, why: 'no answer within 10 s' },
  findings: [{ event: 5, kind: 'timeout', message: 'no answer within the limit', expected: 'within 10 s', got: 'none' }],
};
const UNKNOWN: ServiceReport = {
  ...wellClient('zeoclient2.1'),
  state: 'unknown',
  at: null,
  balancer: 'unknown',
  tcp: { ok: false, why: 'no route' },
  http: { ok: false, why: 'no route' },
  memory: { ok: false, why: 'the agent of web2 is away' },
  log: { ok: false, why: 'the agent of web2 is away' },
  findings: [
    {
      event: null,
      kind: 'unmeasured',
      message: 'zeoclient2.1 on web2: not measured: the agent of web2 is away',
      expected: null,
      got: 'the agent of web2 is away',
    },
  ],
};
const ZEO: ServiceReport = {
  ...wellClient('zeo'),
  type: 'ZeoServer',
  host: 'db1',
  pool: null,
  balancer: 'none',
  http: null,
  memory: null,
  log: null,
};
const report = (...services: ServiceReport[]): CheckReport => ({ at: FAKE_NOW, exit: 1, services, warnings: [] });
const MEASURED = { ages: false, now: FAKE_NOW, verbose: false };

describe('the table of a check', () => {
  it('shows each column, then the findings with what to do, then a sum', () => {
    const shown = formatReport({ ...report(ZEO, wellClient('zeoclient1.1'), CRITICAL, UNKNOWN), warnings: ['low disk'] }, MEASURED, plain);
    expect(shown).toBe(`SERVICE       HOST  POOL  STATE     TCP     HTTP       MEMORY      LOG    BALANCER
zeo           db1   -     ok        0.4 ms  -          -           -      -
zeoclient1.1  web1  1     ok        0.4 ms  200 84 ms  612 MB 60%  clean  in
zeoclient1.2  web1  1     CRITICAL  0.4 ms  no answer  612 MB 60%  clean  in
zeoclient2.1  web2  2     unknown   ?       ?          ?           ?      ?

CRITICAL  zeoclient1.2: no answer within the limit: expected within 10 s, got none (event 5)
          → busy or stuck: look at its load and at the ZEO server before you restart it
unknown   zeoclient2.1 on web2: not measured: the agent of web2 is away
          → not known is not down: do not restart it for that

warning   low disk

1 critical, 1 unknown, 2 ok
`);
  });

  it('says what it got once, and of a long log entry the beginning', () => {
    const shown = (message: string, got: string) => {
      const finding = { event: 2, kind: 'http', message, expected: 'a status below 400', got } as const;
      return formatReport(report({ ...CRITICAL, findings: [finding] }), MEASURED, plain).split('\n')[3];
    };
    expect(shown('answered with status 404', 'status 404')).toBe(
      'CRITICAL  zeoclient1.2: answered with status 404: expected a status below 400 (event 2)',
    );
    expect(shown('1 critical entry', 'x'.repeat(10_000))).toBe(
      `CRITICAL  zeoclient1.2: 1 critical entry: expected a status below 400, got ${'x'.repeat(299)}… (event 2)`,
    );
  });

  it('shows what was not measured as unknown, never as a number', () => {
    const [, row] = formatReport(report(UNKNOWN), MEASURED, plain).split('\n');
    expect(row).toBe('zeoclient2.1  web2  2     unknown  ?    ?     ?       ?    ?');
  });

  it('shows ages, and what was never seen, in a status', () => {
    const rows = formatReport(report(CRITICAL, UNKNOWN), { ...MEASURED, ages: true }, plain).split('\n');
    expect(rows.slice(0, 3).map((row) => row.replace(/.* {2}/, ''))).toEqual(['SEEN', '12 s ago', 'never']);
  });

  it('aligns columns with colours as without', () => {
    const colored = formatReport(report(ZEO, CRITICAL), MEASURED, createStyle({ color: true, unicode: true }));
    expect(colored).toContain('\x1b[31mCRITICAL\x1b[0m');
    expect(stripColors(colored)).toBe(formatReport(report(ZEO, CRITICAL), MEASURED, plain));
  });

  it('does not let a message of a service move the cursor', () => {
    const evil: ServiceReport = { ...CRITICAL, findings: [{ event: 2, kind: 'http', message: 'a\x1b[2J\nb', expected: null, got: null }] };
    expect(formatReport(report(evil), MEASURED, plain)).toContain('a^[[2J / b (event 2)');
  });
});

const stripColors = (text: string) =>
  text
    .split('\x1b')
    .map((part, i) => (i === 0 ? part : part.replace(/^\[\d+m/, '')))
    .join('');

describe('nagios', () => {
  it('says ok in one line with perfdata', () => {
    expect(formatNagios({ ...report(wellClient('zeoclient1.1')), exit: 0 })).toEqual({
      line: "CTL OK - 1 service ok | 'zeoclient1.1 time'=0.084s;;;0 'zeoclient1.1 rss'=626688KB;;1048576;0",
      exit: 0,
    });
  });

  it('puts critical before unknown, and U where nothing was measured', () => {
    const { line, exit } = formatNagios(report(UNKNOWN, CRITICAL));
    expect(exit).toBe(2);
    expect(line).toMatch(
      /^CTL CRITICAL - zeoclient1\.2: no answer within the limit \(event 5\); zeoclient2\.1 on web2: not measured: the agent of web2 is away \| /,
    );
    expect(line).toContain("'zeoclient2.1 rss'=U;;;0");
    expect(line).not.toContain('\n');
  });

  it('is unknown if something could not be measured, or if there is nothing', () => {
    expect(formatNagios(report(UNKNOWN)).exit).toBe(3);
    expect(formatNagios(report()).line).toBe('CTL UNKNOWN - no services');
  });

  it('is a warning for a busy client', () => {
    expect(formatNagios(report({ ...wellClient('a1'), state: 'busy' }))).toMatchObject({
      exit: 1,
      line: expect.stringContaining('a1 is busy') as string,
    });
  });

  it('is critical for a client that is down, as the check is', () => {
    const finding = { event: 1, kind: 'tcp', message: 'no TCP connection', expected: null, got: null } as const;
    expect(formatNagios(report({ ...wellClient('a1'), state: 'stopped', findings: [finding] }))).toMatchObject({
      exit: 2,
      line: expect.stringMatching(/^CTL CRITICAL - a1: no TCP connection \(event 1\) \|/) as string,
    });
  });

  it('keeps the pipe for perfdata', () => {
    const piped: ServiceReport = {
      ...CRITICAL,
      http: null,
      memory: null,
      findings: [{ event: 4, kind: 'log', message: 'a|b', expected: null, got: null }],
    };
    expect(formatNagios(report(piped)).line).toBe('CTL CRITICAL - zeoclient1.2: a/b (event 4)');
  });
});
