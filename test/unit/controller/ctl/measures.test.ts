import { describe, expect, it } from 'vitest';
import type { MemoryReport, MemoryRow } from '../../../../shared/model/memory-report.js';
import { processId } from '../../../../shared/model/process.js';
import { createFakeControl, FAKE_NOW, wellClient } from '../../../support/fake-control.js';
import { type, type Typed } from './harness.js';

const printed = async (line: string, typed: Typed) => {
  const seat = type(line, typed);
  return { exit: await seat.exit, out: seat.out(), err: seat.err(), questions: seat.questions };
};
const row = (name: string, over: Partial<MemoryRow> = {}, growthKbPerH: number | null = null): MemoryRow => {
  const report = wellClient(name);
  return { report: { ...report, memory: { ...report.memory, growthKbPerH } as typeof report.memory }, pss: null, tree: null, ...over };
};

describe('ctl mem', () => {
  it('shows limit, share, uptime and trend; what is not known has a reason, and no number', async () => {
    const away = { ...wellClient('zeoclient2.1'), state: 'unknown', memory: { ok: false, why: 'the agent of web2 is away' } } as const;
    const finding = {
      event: null,
      kind: 'unmeasured',
      message: 'zeoclient2.1 on web2: not measured: memory',
      expected: null,
      got: null,
    } as const;
    const stopped = { ...wellClient('zeoclient2.2'), state: 'stopped', memory: { ok: false, why: 'not running' } } as const;
    const memory: MemoryReport = {
      ...{ at: FAKE_NOW, exit: 5, warnings: [] },
      services: [
        row('zeoclient1.1', {}, 102_400),
        row('zeoclient1.2', {}, -1024),
        row('zeoclient1.3'),
        { report: { ...away, findings: [finding] }, pss: null, tree: null },
        { report: stopped, pss: null, tree: null },
      ],
    };
    const { exit, out } = await printed('mem', { control: createFakeControl({ memory }) });
    expect(exit).toBe(5);
    expect(out.split('\n').map((line) => line.replace(/\d{4}-\d\d-\d\d \d\d:\d\d/, 'WHEN').trimEnd())).toEqual([
      'SERVICE       HOST  PID   RSS      LIMIT   SHARE  UPTIME    TREND      LIMIT REACHED',
      'zeoclient1.1  web1  4242  612 MB   1.0 GB  60%    24:00:00  +100 MB/h  WHEN',
      'zeoclient1.2  web1  4242  612 MB   1.0 GB  60%    24:00:00  -1 MB/h    -',
      'zeoclient1.3  web1  4242  612 MB   1.0 GB  60%    24:00:00  ?          -',
      'zeoclient2.1  web2  -     ?',
      'zeoclient2.2  web2  -     stopped',
      '',
      'stopped   zeoclient2.2: not running',
      'unknown   zeoclient2.1 on web2: not measured: memory',
      '',
    ]);
  });

  it('shows the processes below with --tree, and shared memory by its share with --pss', async () => {
    const child = (pid: number, parent: number) =>
      ({ process: processId(pid, 1), parent, command: `p${pid}`, rss: { ok: true, kb: 2048 }, pss: { ok: false, why: 'gone' } }) as const;
    const services = [row('zeoclient1.1', { pss: { ok: true, kb: 1024 }, tree: { ok: true, children: [child(5, 4242), child(6, 5)] } })];
    const control = createFakeControl({ memory: { at: FAKE_NOW, exit: 0, warnings: [], services } });
    const { out } = await printed('mem --tree --pss', { control });
    expect(control.calls).toEqual(['memory  tree pss']);
    expect(out.split('\n').map((line) => line.trimEnd())).toEqual([
      'SERVICE       HOST  PID   RSS     PSS   LIMIT   SHARE  UPTIME    TREND  LIMIT REACHED',
      'zeoclient1.1  web1  4242  612 MB  1 MB  1.0 GB  60%    24:00:00  ?      -',
      '  · p5              5     2 MB    ?',
      '    · p6            6     2 MB    ?',
      '',
    ]);
  });

  it('has no services to show', async () => {
    const control = createFakeControl({ memory: { at: FAKE_NOW, exit: 0, warnings: [], services: [] } });
    expect((await printed('-a mem', { control })).out).toBe('no services\n');
  });
});

describe('ctl perf', () => {
  it('shows the week beside the week before, and says what takes twice the time', async () => {
    const now = { count: 120, p50: 0.2, p95: 0.9, max: 1.5 };
    const before = { count: 100, p50: 0.1, p95: 0.8, max: 12 };
    const rows = [
      { service: 'zeoclient1.1', host: 'web1', url: '/', now, before },
      { service: 'zeoclient1.1', host: 'web1', url: '/news', now, before: null },
    ];
    const control = createFakeControl({ perf: { from: 0, to: FAKE_NOW, rows, warnings: ['perf_3.log: 1 line is none of a perf file'] } });
    const { exit, out } = await printed('perf', { control });
    expect(exit).toBe(0);
    expect(out.split('\n')).toEqual([
      'SERVICE       HOST  URL    COUNT  P50     P95     MAX    THE WEEK BEFORE',
      'zeoclient1.1  web1  /      120    200 ms  900 ms  1.5 s  100 ms, 800 ms, 12.0 s (100)  now 2.0 times as long',
      'zeoclient1.1  web1  /news  120    200 ms  900 ms  1.5 s  -',
      '',
      'warning  perf_3.log: 1 line is none of a perf file',
      '',
    ]);
  });

  it('says that nothing was timed', async () => {
    expect((await printed('perf', { control: createFakeControl() })).out).toBe('no page was timed in the last two weeks\n');
  });
});

describe('ctl purge', () => {
  const away = ['squid is away for up to 34 s: requests to it fail meanwhile'];
  const asking = () => createFakeControl({ plan: { steps: [], warnings: away, interrupts: ['squid'] } });

  it('asks on a terminal, saying how long the proxy is away', async () => {
    const no = asking();
    const refused = await printed('purge', { control: no, canAsk: true, answers: ['n'] });
    expect(refused.questions).toEqual([`${away[0] ?? ''}. Go on? [y/N] `]);
    expect(refused).toMatchObject({ exit: 2, err: expect.stringContaining('not confirmed: nothing was done') as string });
    expect(no.calls).toEqual(['plan purge']);
    const yes = asking();
    expect((await printed('purge', { control: yes, canAsk: true, answers: ['y'] })).exit).toBe(0);
    expect(yes.calls).toEqual(['plan purge', 'run purge']);
  });

  it('does nothing without a terminal, unless it is told that it is meant', async () => {
    const control = asking();
    expect(await printed('purge', { control })).toMatchObject({ exit: 2, err: expect.stringContaining('say `--yes`') as string });
    expect(control.calls).toEqual(['plan purge']);
    expect((await printed('purge --yes', { control: asking() })).exit).toBe(0);
  });

  it('never asks in the old form, nor where nothing is away for it', async () => {
    const old = asking();
    expect((await printed('-a purge', { control: old, canAsk: true })).questions).toEqual([]);
    expect(old.calls).toEqual(['run purge']);
    const pages = createFakeControl({ plan: { steps: [], warnings: [], interrupts: [] } });
    expect((await printed('purge /news -s squid', { control: pages, canAsk: true })).questions).toEqual([]);
    expect(pages.requests).toMatchObject([{ action: 'purge', selectors: ['squid'], urls: ['/news'], oldForm: false }]);
  });

  it('shows with --dry-run what it would do, and does nothing', async () => {
    const steps = [{ step: 'purge', service: 'squid', batch: 1, pool: null, detail: 'stop, start' }] as const;
    const control = createFakeControl({ plan: { steps, warnings: away, interrupts: ['squid'] } });
    const { out } = await printed('purge --dry-run', { control });
    expect(out).toBe(`purge would do this; nothing was touched:\n  squid  stop, start\nwarning  ${away[0] ?? ''}\n`);
    expect(control.calls).toEqual(['plan purge']);
  });
});
