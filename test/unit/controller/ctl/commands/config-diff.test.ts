import { describe, expect, it } from 'vitest';
import { formatConfigDiff } from '../../../../../controller/ctl/format/config-diff.js';
import { createStyle } from '../../../../../controller/ctl/format/style.js';
import { formatTime } from '../../../../../controller/ctl/format/units.js';
import { createFakeControl } from '../../../../support/fake-control.js';
import { FAKE_NOW } from '../../../../support/well-cluster.js';
import { type } from '../harness.js';

const style = createStyle({ color: false, unicode: true });
const none = { file: '/etc/ctl/cluster.ini', loadedAt: FAKE_NOW, changes: [], refusals: [] };
const since = `against what the controller has gone by since ${formatTime(FAKE_NOW)}\n`;

describe('the text of a difference', () => {
  it('tells each section once, what is new, what is gone, and the line', () => {
    const changes = [
      { section: 'DEFAULT', key: 'timeout', before: '10', after: '20', line: 3 },
      { section: 'DEFAULT', key: 'critical_errors', before: '', after: 'MemoryError', line: 4 },
      { section: 'connect', key: 'passwd', before: '[redacted]', after: '[redacted]', line: 9 },
      { section: 'zeoclient3', key: 'port', before: null, after: '8083', line: 40 },
      { section: 'old', key: 'rotate_logs', before: '/a\n/b', after: null, line: null },
    ];
    expect(formatConfigDiff({ ...none, changes }, style)).toBe(`[DEFAULT]
  timeout: 10 → 20  (line 3)
  critical_errors: (none) → MemoryError  (line 4)
[connect]
  passwd: [redacted] (another one)  (line 9)
[zeoclient3]
  + port = 8083  (line 40)
[old]
  - rotate_logs = /a / /b

/etc/ctl/cluster.ini: 5 changes ${since}`);
  });

  it('says that there is none', () => {
    expect(formatConfigDiff(none, style)).toBe(`/etc/ctl/cluster.ini: no change ${since}`);
  });

  it('names what keeps the file from being taken over', () => {
    const refusals = ['cluster.ini:7: [controller] address: a change of it needs a restart of the controller'];
    expect(formatConfigDiff({ ...none, refusals }, style)).toBe(
      `not taken over:\n  ${refusals.join('')}\n\n${none.file}: no change ${since}`,
    );
  });
});

it('`ctl config diff` asks the controller', async () => {
  const control = createFakeControl();
  const seat = type('config diff', { control });
  expect(await seat.exit).toBe(0);
  expect(control.calls).toEqual(['diffConfig']);
  expect(control.closed).toBe(true);
});
