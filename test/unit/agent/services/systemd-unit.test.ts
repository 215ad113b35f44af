import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { hitStartLimit, judgeUnit, parseUnit, ranNoProgram, type Unit } from '../../../../agent/services/systemd-unit.js';

const captured = (name: string): Unit =>
  parseUnit(readFileSync(join(import.meta.dirname, '../../../fixtures/systemd', `show-${name}-252.txt`), 'utf8'));

describe('parseUnit, on what systemd 252 said', () => {
  it('reads a unit that runs', () => {
    expect(captured('runs')).toEqual({
      load: 'loaded',
      loadError: '',
      active: 'active',
      sub: 'running',
      result: 'success',
      mainPid: 70,
      ended: null,
      restarts: 0,
      job: false,
      invocation: '6c718bde66ce442d9cf8632c31094ba7',
      controlGroup: '/system.slice/zope-runs.service',
    });
  });

  it('sees that a stop is on its way', () =>
    expect(captured('ignores')).toMatchObject({ active: 'deactivating', job: true, mainPid: 133 }));

  it('reads how the main process ended', () => {
    expect([captured('fails').ended, captured('timeout').ended]).toEqual([
      { how: 'exited', status: 1 },
      { how: 'killed', status: 9 },
    ]);
  });

  it('knows a program that could not be run', () =>
    expect([ranNoProgram(captured('missing')), ranNoProgram(captured('fails'))]).toEqual([true, false]));

  it.each([
    ['nothere', 'not-found', 'Unit zope-nothere.service not found.'],
    ['masked', 'masked', 'Unit zope-masked.service is masked.'],
    ['bad', 'bad-setting', 'Unit zope-bad.service has a bad unit file setting.'],
  ])('reads why a unit that is %s is not loaded', (name, load, loadError) =>
    expect(captured(name)).toMatchObject({ load, loadError, mainPid: 0 }),
  );

  it('does without what an old systemd does not tell', () => {
    expect(parseUnit('MainPID=12\nLoadState=loaded\nActiveState=active\nSubState=running\n')).toMatchObject({
      mainPid: 12,
      job: false,
      restarts: 0,
      ended: null,
      invocation: '',
    });
  });

  it.each(['', 'LoadState=loaded\nActiveState=active\n', 'MainPID=x\nLoadState=loaded\nActiveState=active\n'])('refuses %j', (text) => {
    expect(() => parseUnit(text)).toThrow('systemctl show told neither LoadState, ActiveState nor MainPID');
  });
});

describe('judgeUnit', () => {
  it.each([
    ['runs', { state: 'process' }],
    ['daemon', { state: 'process' }],
    ['ignores', { state: 'process' }],
    ['notify', { state: 'process' }],
    ['slow-pre', { state: 'starting', why: 'systemd is starting it (start-pre)' }],
    ['restarts', { state: 'starting', why: 'systemd starts it again in a moment: it ended with exit code 1' }],
    ['fails', { state: 'down', failed: true, why: 'it ended with exit code 1' }],
    ['limit', { state: 'down', failed: true, why: 'it ended with exit code 1, after 2 restarts' }],
    ['missing', { state: 'down', failed: true, why: 'it has no program that can be run (exit code 203/EXEC)' }],
    ['timeout', { state: 'down', failed: true, why: 'it was not up, or not down, within the time that its unit sets (timeout)' }],
    ['nothere', { state: 'down', failed: false, why: 'it is not running (inactive, dead)' }],
  ])('sees a unit that is %s', (name, expected) => expect(judgeUnit(captured(name))).toEqual(expected));

  const failed: Unit = { ...captured('fails'), ended: null };
  it.each<[Partial<Unit>, string]>([
    [
      { result: 'start-limit-hit' },
      'it was started too often in a short time: systemd has stopped trying, the next start of ours begins anew',
    ],
    [{ result: 'oom-kill', ended: { how: 'killed', status: 9 } }, 'it was killed for lack of memory (oom-kill)'],
    [{ result: 'signal', ended: { how: 'killed', status: 11 } }, 'it was ended by SIGSEGV'],
    [{ result: 'signal', ended: { how: 'killed', status: 40 }, restarts: 1 }, 'it was ended by signal 40, after 1 restart'],
    [{ result: 'protocol' }, 'it failed (protocol)'],
  ])('says of a unit that failed with %j what happened', (part, why) =>
    expect(judgeUnit({ ...failed, ...part })).toEqual({ state: 'down', failed: true, why }),
  );

  it('knows a start limit that was hit', () => expect(hitStartLimit({ ...failed, result: 'start-limit-hit' })).toBe(true));

  it('says down once the main process of a stop is gone, and unknown of what it does not know', () => {
    expect(judgeUnit({ ...captured('ignores'), mainPid: 0 })).toEqual({
      state: 'down',
      failed: false,
      why: 'systemd is stopping it (stop-sigterm)',
    });
    expect(judgeUnit({ ...failed, active: 'maintenance', sub: 'x' })).toEqual({
      state: 'unknown',
      why: 'systemd calls it maintenance (x)',
    });
  });
});
