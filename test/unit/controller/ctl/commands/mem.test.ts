import { describe, expect, it } from 'vitest';
import type { MemoryReport, MemoryRow } from '../../../../../shared/model/memory-report.js';
import { processId } from '../../../../../shared/model/process.js';
import { createFakeControl } from '../../../../support/fake-control.js';
import { FAKE_NOW, wellClient } from '../../../../support/well-cluster.js';
import { printed } from '../harness.js';

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
