import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { judgeProgram, parseProgram } from '../../../../agent/services/supervisor-program.js';
import { decodeAnswer } from '../../../../agent/services/xml-rpc.js';

const captured = (name: string) => {
  const answer = decodeAnswer(readFileSync(join(import.meta.dirname, '../../../fixtures/supervisor', `${name}-4.2.5.xml`), 'utf8'));
  return parseProgram(answer.ok ? answer.value : null);
};
const program = { state: 'STOPPED', pid: 0, exitStatus: 0, spawnError: '' };

describe('judgeProgram, on what supervisor 4.2.5 said', () => {
  it.each([
    ['running', { state: 'process', pid: 23810 }],
    ['starting', { state: 'process', pid: expect.any(Number) as number }],
    ['stopping', { state: 'process', pid: expect.any(Number) as number }],
    ['stopped', { state: 'down', failed: false, why: 'stopped' }],
    ['exits', { state: 'down', failed: true, why: 'it ended with exit code 3' }],
    ['fails', { state: 'down', failed: true, why: 'supervisor has given up: Exited too quickly (process log may have details)' }],
    ['backoff', { state: 'starting', why: 'supervisor tries to start it again: Exited too quickly (process log may have details)' }],
  ])('sees a program that is %s', (name, expected) => expect(judgeProgram(captured(name))).toEqual(expected));
});

describe('judgeProgram', () => {
  it.each([
    [
      { state: 'EXITED', exitStatus: 0 },
      { state: 'down', failed: false, why: 'it ended' },
    ],
    [
      { state: 'EXITED', exitStatus: -1 },
      { state: 'down', failed: true, why: 'it was ended by a signal' },
    ],
    [
      { state: 'FATAL', exitStatus: 1 },
      { state: 'down', failed: true, why: 'supervisor has given up: it ended with exit code 1' },
    ],
    [{ state: 'STARTING' }, { state: 'starting', why: 'supervisor is about to start it' }],
    [{ state: 'STOPPING' }, { state: 'down', failed: false, why: 'supervisor has just stopped it' }],
    [{ state: 'UNKNOWN' }, { state: 'unknown', why: 'supervisor calls it UNKNOWN' }],
  ])('of %j says %j', (part, expected) => expect(judgeProgram({ ...program, ...part })).toEqual(expected));
});

describe('parseProgram', () => {
  it.each([null, 'text', [], {}, { statename: 'RUNNING', pid: '12', exitstatus: 0 }])('refuses %j', (value) => {
    expect(() => parseProgram(value)).toThrow(/^(no|a) description of a process/);
  });
});
