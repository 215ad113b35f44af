import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createWindowsManager } from '../../../../agent/services/windows.js';
import { QUERY } from '../../../../agent/services/windows-service.js';
import { processId } from '../../../../shared/model/process.js';
import type { ServiceSpec } from '../../../../shared/model/service.js';
import type { Argv, Exec, ExecResult } from '../../../../shared/ports/exec.js';

const captured = (name: string) => readFileSync(join(import.meta.dirname, '../../../fixtures/windows', name), 'utf8');
const { signal } = new AbortController();
const spec: ServiceSpec = { name: 'zeoclient1.1', type: 'ZeoClient', serviceName: 'Zope_1', manager: 'windows', ip: '127.0.0.1', port: 1 };
const [RUNNING, STOPPED] = [captured('cim-running-powershell-5.1.json'), captured('cim-stopped-powershell-5.1.json')];
const startedAt = Date.parse('2024-10-11T14:12:50.123Z');
const replacing = processId(10476, startedAt);
const ends = (stdout: string, code: number | null = 0, stderr = ''): ExecResult => ({
  code,
  signal: null,
  stdout,
  stderr,
  truncated: false,
});

/** A Windows that answers each program with what stands for it, the last answer again and again; time passes only in sleep. */
function windows(answers: Readonly<Record<string, readonly ExecResult[]>>) {
  const calls: string[] = [];
  const left = new Map(Object.entries(answers).map(([name, results]) => [name, [...results]]));
  let now = 0;
  const exec: Exec = async (argv: Argv, options) => {
    const name = argv[0] === 'sc.exe' ? `sc ${argv[1] ?? ''}` : argv[0].replace('.exe', '');
    calls.push(argv[0] === 'powershell.exe' ? `ask ${options.env?.CTL_SERVICE_NAME ?? ''}` : argv.join(' '));
    const results = left.get(name) ?? [];
    const result = results.length > 1 ? results.shift() : results[0];
    if (result === undefined) throw new Error(`unexpected: ${argv.join(' ')}`);
    return result;
  };
  const clock = { now: () => now, sleep: async (ms: number) => void (now += ms) };
  return { manager: createWindowsManager({ exec, clock, env: { PATH: 'C:\\Windows' } }), calls };
}

describe('services of Windows', () => {
  it('are asked for by a fixed text, with the name in the environment', async () => {
    const argvs: Argv[] = [];
    const exec: Exec = async (argv) => {
      argvs.push(argv);
      return ends(RUNNING);
    };
    const manager = createWindowsManager({ exec, clock: { now: () => 0, sleep: async () => undefined }, env: {} });
    expect(await manager.state({ ...spec, serviceName: "x'; rm" }, signal)).toEqual({ state: 'running', process: replacing, startedAt });
    expect(argvs).toEqual([['powershell.exe', '-NoLogo', '-NoProfile', '-NonInteractive', '-Command', QUERY]]);
  });

  it('are left alone when they run', async () => {
    const { manager, calls } = windows({ powershell: [ends(RUNNING)] });
    expect(await manager.start(spec, signal)).toMatchObject({ state: 'running' });
    expect(calls).toEqual(['ask Zope_1']);
  });

  it('are started by sc.exe', async () => {
    const { manager, calls } = windows({ powershell: [ends(STOPPED), ends(RUNNING)], 'sc start': [ends('')] });
    expect(await manager.start(spec, signal)).toMatchObject({ state: 'running', process: replacing });
    expect(calls).toEqual(['ask Zope_1', 'sc.exe start Zope_1', 'ask Zope_1']);
  });

  it('that somebody else started meanwhile are started', async () => {
    const already = ends(captured('sc-start-running-german.txt'), 32);
    const { manager } = windows({ powershell: [ends(STOPPED), ends(RUNNING)], 'sc start': [already] });
    expect(await manager.start(spec, signal)).toMatchObject({ state: 'running' });
  });

  it('are stopped by sc.exe, and waited for', async () => {
    const states = ['sc-query-running-windows11.txt', 'sc-queryex-stop-pending-windows10.txt', 'sc-query-stopped-windows11.txt'];
    const { manager, calls } = windows({
      powershell: [ends(RUNNING)],
      'sc stop': [ends('')],
      'sc query': states.map((name) => ends(captured(name))),
    });
    expect(await manager.stop(spec, { replacing, deadlineMs: 5_000 }, signal)).toEqual({ how: 'stopped', ms: 400 });
    expect(calls.slice(0, 3)).toEqual(['ask Zope_1', 'sc.exe stop Zope_1', 'sc.exe query Zope_1']);
  });

  it('that do not stop are killed with their children', async () => {
    const pending = ends(captured('sc-queryex-stop-pending-windows10.txt'));
    const { manager, calls } = windows({
      powershell: [ends(RUNNING)],
      'sc stop': [ends('')],
      'sc query': [pending, pending, ends(captured('sc-query-stopped-windows11.txt'))],
      taskkill: [ends('')],
    });
    expect(await manager.stop(spec, { replacing, deadlineMs: 200 }, signal)).toMatchObject({ how: 'killed' });
    expect(calls).toContain('taskkill.exe /F /T /PID 10476');
  });

  it('that survive say what taskkill said', async () => {
    const { manager } = windows({
      powershell: [ends(RUNNING)],
      'sc stop': [ends('')],
      'sc query': [ends(captured('sc-query-running-windows11.txt'))],
      taskkill: [ends('', 1, 'ERROR: Access is denied.\r\n')],
    });
    await expect(manager.stop(spec, { replacing, deadlineMs: 200 }, signal)).rejects.toMatchObject({
      code: 'failed',
      message: 'zeoclient1.1: process 10476 survived taskkill.exe /F /T /PID 10476',
      hint: 'ERROR: Access is denied.',
    });
  });

  it('are not stopped when their process is another by now', async () => {
    const { manager, calls } = windows({ powershell: [ends(RUNNING)] });
    expect(await manager.stop(spec, { replacing: processId(10476, 1), deadlineMs: 0 }, signal)).toEqual({ how: 'gone', ms: 0 });
    expect(calls).toEqual(['ask Zope_1']);
  });

  it('are not killed when their process is another by the end of the deadline', async () => {
    const next = RUNNING.replace('10476', '10500');
    const { manager, calls } = windows({
      powershell: [ends(RUNNING), ends(next)],
      'sc stop': [ends('')],
      'sc query': [ends(captured('sc-query-running-windows11.txt'))],
    });
    expect(await manager.stop(spec, { replacing, deadlineMs: 200 }, signal)).toMatchObject({ how: 'stopped' });
    expect(calls.filter((call) => call.startsWith('taskkill'))).toEqual([]);
  });

  it.each([
    [5, 'denied', 'zeoclient1.1: sc.exe start Zope_1 failed with error 5'],
    [1058, 'failed', 'zeoclient1.1: sc.exe start Zope_1 failed with error 1058: it is disabled'],
    [1060, 'not-found', 'zeoclient1.1: Windows has no service Zope_1'],
    [1069, 'failed', 'zeoclient1.1: sc.exe start Zope_1 failed with error 1069'],
  ])('that do not start with error %s say so', async (error, code, message) => {
    const { manager } = windows({ powershell: [ends(STOPPED)], 'sc start': [ends(`[SC] StartService FAILED ${error}:\r\n`, error)] });
    await expect(manager.start(spec, signal)).rejects.toMatchObject({ code, message });
  });

  it('that do not exist are named', async () => {
    const { manager } = windows({ powershell: [ends(captured('cim-absent-powershell-5.1.json'))] });
    await expect(manager.state(spec, signal)).rejects.toMatchObject({
      code: 'not-found',
      message: 'zeoclient1.1: Windows has no service Zope_1',
    });
  });

  it.each([
    [ends('', 1, 'Access denied\r\n'), 'PowerShell was asked for the service Zope_1: Access denied'],
    [ends('garbage'), 'PowerShell described Zope_1 in a way that is not understood: Unexpected token'],
  ])('are unknown when PowerShell does not answer', async (answer, why) => {
    const { manager } = windows({ powershell: [answer] });
    expect(await manager.state(spec, signal)).toMatchObject({ state: 'unknown', why: expect.stringContaining(why) as string });
  });
});
