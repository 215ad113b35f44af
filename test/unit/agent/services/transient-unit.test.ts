import { describe, expect, it } from 'vitest';
import { runArgv, startArgv, unitOfStart } from '../../../../agent/services/transient-unit.js';

const job = {
  unit: 'ctl-Zope_1-01234567.service',
  description: 'Zope_1, started by ctl-agent',
  argv: ['/srv/zope/1/bin/instance', 'start', '$HOME', '100%'],
  env: {
    PATH: '/usr/bin',
    LANG: 'C.UTF-8',
    CTL_SERVICE: 't',
    INVOCATION_ID: 'agent',
    JOURNAL_STREAM: '8:1',
    NOTIFY_SOCKET: '/run/n',
    STATE_DIRECTORY: '/s',
  },
  account: { uid: 1000, gid: 100 },
} as const;

describe('a start command as a unit of systemd', () => {
  it('has its own user, its own output, and stays when it ends well', () => {
    expect(startArgv({ ...job, outputFile: '/var/lib/ctl-agent/services/Zope_1.out' })).toEqual([
      'systemd-run',
      '--service-type=exec',
      '--property=RemainAfterExit=yes',
      '--property=StandardOutput=append:/var/lib/ctl-agent/services/Zope_1.out',
      '--property=StandardError=append:/var/lib/ctl-agent/services/Zope_1.out',
      '--quiet',
      '--no-ask-password',
      '--unit=ctl-Zope_1-01234567.service',
      '--description=Zope_1, started by ctl-agent',
      '--uid=1000',
      '--gid=100',
      '--working-directory=/',
      '--setenv=PATH=/usr/bin',
      '--setenv=LANG=C.UTF-8',
      '--setenv=CTL_SERVICE=t',
      '--',
      '/srv/zope/1/bin/instance',
      'start',
      '$$HOME',
      '100%',
    ]);
  });
});

describe('a stop command as a unit of systemd', () => {
  it('is waited for, and leaves nothing', () => {
    expect(runArgv({ ...job, account: null, env: {} })).toEqual([
      'systemd-run',
      '--service-type=exec',
      '--wait',
      '--pipe',
      '--collect',
      '--quiet',
      '--no-ask-password',
      '--unit=ctl-Zope_1-01234567.service',
      '--description=Zope_1, started by ctl-agent',
      '--working-directory=/',
      '--',
      '/srv/zope/1/bin/instance',
      'start',
      '$$HOME',
      '100%',
    ]);
  });
});

describe('unitOfStart', () => {
  it.each([
    ['Zope_1', 'ctl-Zope_1-01234567.service'],
    ['../evil', 'ctl-_2e._2fevil-01234567.service'],
    ['x'.repeat(300), `ctl-${'x'.repeat(100)}-01234567.service`],
  ])('names the start of %s', (service, unit) => expect(unitOfStart(service, '01234567-89ab')).toBe(unit));
});
