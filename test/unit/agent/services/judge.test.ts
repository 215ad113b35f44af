import { describe, expect, it } from 'vitest';
import { judge, type ServiceEvidence } from '../../../../agent/services/judge.js';
import type { PidFile } from '../../../../agent/services/pid-file.js';
import type { ProcessFacts } from '../../../../agent/services/processes.js';
import type { ServiceRecord } from '../../../../agent/services/record.js';
import { processId } from '../../../../shared/model/process.js';

const facts = (pid: number): ProcessFacts => ({
  pid,
  id: processId(pid, 7),
  parent: 1,
  group: pid,
  session: pid,
  terminal: 0,
  startTicks: 7,
  cpuTicks: 0,
});
const record: ServiceRecord = { bootId: 'b', token: 't', at: 0, process: processId(10, 7), unit: null, ended: null, stopping: false };
const endedWell: ServiceRecord = { ...record, ended: { at: 1_000, code: 0, signal: null } };
const pidFile = (pid: number): PidFile => ({ kind: 'pid', path: '/z.pid', pid, writtenAt: 100_000 });
const absent: PidFile = { kind: 'absent', path: '/z.pid' };
const nothing: ServiceEvidence = {
  now: 200_000,
  record: null,
  started: 'gone',
  foreground: false,
  offspring: 'none',
  pidFile: absent,
  named: { process: 'gone', startedAt: 0, foreign: null },
  output: '',
  portTaken: false,
};
const stateOf = (evidence: Partial<ServiceEvidence>) => {
  const judgement = judge({ ...nothing, ...evidence });
  return judgement.state === 'running' ? `running ${judgement.process.pid}` : `${judgement.state}: ${judgement.why}`;
};

describe('judge', () => {
  it.each<[string, Partial<ServiceEvidence>, string]>([
    [
      'the process of the pid file',
      { pidFile: pidFile(20), named: { process: facts(20), startedAt: 99_000, foreign: null } },
      'running 20',
    ],
    [
      'the process of the pid file before the one that was started (a wrapper in the foreground)',
      { pidFile: pidFile(20), named: { process: facts(20), startedAt: 99_000, foreign: null }, record, started: facts(10) },
      'running 20',
    ],
    [
      'not the process of the pid file if it is younger than the file',
      { pidFile: pidFile(20), named: { process: facts(20), startedAt: 150_000, foreign: null } },
      'down: stale pid file /z.pid: process 20 is younger than the file',
    ],
    [
      'the remembered process although the clock has been set since it wrote its pid file',
      { pidFile: pidFile(10), named: { process: facts(10), startedAt: 9_000_000, foreign: null }, record },
      'running 10',
    ],
    ['the started process while the pid file is stale', { pidFile: pidFile(20), record, started: facts(10) }, 'running 10'],
    ['the started process while there is no pid file', { record, started: facts(10) }, 'running 10'],
    ['down without process', { pidFile: pidFile(20) }, 'down: stale pid file /z.pid: no process 20'],
    ['down without anything', {}, 'down: no pid file /z.pid'],
    [
      'unknown with a process that it may not look at',
      { pidFile: pidFile(20), named: { process: 'hidden', startedAt: 0, foreign: null } },
      'unknown: process 20 of /z.pid is hidden from this agent',
    ],
    [
      "unknown with a process that is not the service user's, whatever the pid file says",
      { pidFile: pidFile(20), named: { process: facts(20), startedAt: 99_000, foreign: 'belongs to uid 0' }, record, started: facts(10) },
      'unknown: process 20 of /z.pid belongs to uid 0',
    ],
    [
      'unknown with a pid file that it may not read',
      { pidFile: { kind: 'unreadable', path: '/z.pid', why: 'EACCES' }, record, started: facts(10) },
      'unknown: pid file /z.pid cannot be read: EACCES',
    ],
    ['unknown with garbage in the pid file', { pidFile: { kind: 'blank', path: '/z.pid' } }, 'unknown: pid file /z.pid holds no pid'],
    [
      'the started process with garbage in the pid file',
      { pidFile: { kind: 'blank', path: '/z.pid' }, record, started: facts(10) },
      'running 10',
    ],
    [
      'failed with the exit code of the start command',
      { record: { ...record, ended: { at: 1, code: 2, signal: null } }, output: 'boom' },
      'down: its start command ended with exit code 2: boom',
    ],
    [
      'failed with the signal that ended it',
      { record: { ...record, ended: { at: 1, code: null, signal: 'SIGSEGV' } } },
      'down: its start command was ended by SIGSEGV',
    ],
    [
      'starting after a start command that ended well',
      { record: endedWell },
      'starting: its start command ended well, /z.pid names no process yet',
    ],
    ['down when the daemon does not come', { record: endedWell, now: 400_000 }, 'down: its process ended'],
    ['down when it was a service in the foreground that ended well', { record: endedWell, foreground: true }, 'down: its process ended'],
    [
      'starting under a restarted agent that finds the daemon',
      { record, offspring: 'found' },
      'starting: its start command has ended, /z.pid names no process yet',
    ],
    ['down under a restarted agent that finds nothing', { record, output: 'last words' }, 'down: its process ended: last words'],
    [
      'unknown with a daemon that nothing names',
      { record: endedWell, offspring: 'found', pidFile: null },
      'unknown: its start command left a daemon, and without a pid_file nobody knows which process',
    ],
    [
      'unknown when its port is taken and nothing names the process',
      { pidFile: null, portTaken: true },
      'unknown: something listens on its port, and without a pid_file nobody knows which process',
    ],
    ['down when it was stopped, however it ended', { record: { ...endedWell, stopping: true } }, 'down: stopped'],
    ['down when nobody ever started it', { pidFile: null }, 'down: not started by this agent'],
  ])('sees %s', (_title, evidence, expected) => {
    expect(stateOf(evidence)).toBe(expected);
  });

  it('calls only a bad end of the start command a failure', () => {
    const failed = (evidence: Partial<ServiceEvidence>) => {
      const judgement = judge({ ...nothing, ...evidence });
      return judgement.state === 'down' && judgement.failed;
    };
    const badly = { ...record, ended: { at: 1, code: 1, signal: null } };
    expect([failed({ record: badly }), failed({ record: { ...badly, stopping: true } }), failed({ pidFile: pidFile(20) })]).toEqual([
      true,
      false,
      false,
    ]);
  });
});
