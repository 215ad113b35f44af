import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  judgeWindowsService,
  parseScAnswer,
  parseScQuery,
  parseWindowsService,
  QUERY,
} from '../../../../agent/services/windows-service.js';

const captured = (name: string) => readFileSync(join(import.meta.dirname, '../../../fixtures/windows', name), 'utf8');
const judged = (name: string) => {
  const service = parseWindowsService(captured(`cim-${name}.json`));
  return service === null ? null : judgeWindowsService(service);
};
const stopped = { state: 'Stopped', startMode: 'Auto', process: null, exitCode: 0, serviceExitCode: 0 };

describe('a service of Windows', () => {
  it('is the process that it was when it was created', () => {
    const startedAt = Date.parse('2024-10-11T14:12:50.123Z');
    expect(judged('running-powershell-5.1')).toEqual({ state: 'running', process: `10476@${startedAt}`, startedAt });
  });

  it.each([
    ['stopped-powershell-5.1', { state: 'down', failed: false, why: 'not started since the boot, and it is disabled' }],
    ['failed-powershell-7.4', { state: 'down', failed: true, why: 'it ended with code 3 of its own' }],
    ['absent-powershell-5.1', null],
  ])('is %s', (name, expected) => expect(judged(name)).toEqual(expected));

  it.each([
    [{}, { state: 'down', failed: false, why: 'stopped' }],
    [{ exitCode: 1067 }, { state: 'down', failed: true, why: 'it ended with error 1067' }],
    [{ state: 'Start Pending' }, { state: 'starting', why: 'Windows is starting it' }],
    [{ state: 'Running' }, { state: 'unknown', why: 'Windows calls it "Running", and tells no process of it' }],
  ])('with %j is judged', (part, expected) => expect(judgeWindowsService({ ...stopped, ...part })).toEqual(expected));

  it('without a time of creation has no identity', () => {
    expect(parseWindowsService('{"State":"Running","ProcessId":12,"CreationDate":null}')?.process).toBeNull();
  });

  it('may be told after a byte order mark', () => expect(parseWindowsService('\uFEFFnull')).toBeNull());

  it.each(['"text"', '{"State":"Running"}', '{"ProcessId":1}'])('is not %s', (text) => {
    expect(() => parseWindowsService(text)).toThrow(/^(no description of a service|a service without State and ProcessId)/);
  });

  it('is asked for by a text that holds no name', () => expect(QUERY).toContain('$env:CTL_SERVICE_NAME'));
});

describe('sc.exe', () => {
  it.each([
    ['sc-query-running-windows11.txt', { state: 'RUNNING', pid: null }],
    ['sc-query-stopped-windows11.txt', { state: 'STOPPED', pid: null }],
    ['sc-queryex-stop-pending-windows10.txt', { state: 'STOP_PENDING', pid: 10476 }],
    ['sc-query-absent-windows11.txt', null],
  ])('tells the state in %s', (name, expected) => expect(parseScQuery(captured(name))).toEqual(expected));

  it.each([
    [0, '', 0],
    [1056, captured('sc-start-running-windows11.txt'), 1056],
    [32, captured('sc-start-running-german.txt'), 1056],
    [5, captured('sc-stop-denied-windows11.txt'), 5],
    [1060, captured('sc-query-absent-windows11.txt'), 1060],
    [1062, '', 1062],
    [null, '', null],
  ])('after exit code %s and %j means error %s', (code, output, error) => expect(parseScAnswer(code, output)).toBe(error));
});
