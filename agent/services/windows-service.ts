import { processId, type ProcessId, type ProcessState } from '../../shared/model/process.js';

/** One service of Windows: what Win32_Service and, for its process, Win32_Process say of it. */
export interface WindowsService {
  /** Stopped, Start Pending, Stop Pending, Running, Continue Pending, Pause Pending, Paused, Unknown. */
  readonly state: string;
  /** Auto, Manual, Disabled. */
  readonly startMode: string;
  /** null: it has none. */
  readonly process: { readonly id: ProcessId; readonly pid: number; readonly startedAt: number } | null;
  /** A Win32 error code; 0: it ended well, 1077: not started since the boot. */
  readonly exitCode: number;
  readonly serviceExitCode: number;
}

/**
 * Asks for the service whose name stands in the environment: a fixed text, in which no name can become a command. Times go out in UTC:
 * what ConvertTo-Json makes of a date differs between versions of PowerShell.
 */
export const QUERY = [
  "$ErrorActionPreference = 'Stop'",
  '[Console]::OutputEncoding = New-Object System.Text.UTF8Encoding $false',
  '$s = Get-CimInstance -ClassName Win32_Service | Where-Object { $_.Name -eq $env:CTL_SERVICE_NAME } | Select-Object -First 1',
  "if ($null -eq $s) { 'null'; exit 0 }",
  '$p = $null',
  'if ($s.ProcessId -gt 0) { $p = Get-CimInstance -ClassName Win32_Process -Filter ("ProcessId = " + [uint32]$s.ProcessId) }',
  '$created = $null',
  "if ($null -ne $p) { $created = $p.CreationDate.ToUniversalTime().ToString('o') }",
  '[pscustomobject]@{ Name = $s.Name; State = $s.State; StartMode = $s.StartMode; ProcessId = $s.ProcessId; CreationDate = $created; ' +
    'ExitCode = $s.ExitCode; ServiceSpecificExitCode = $s.ServiceSpecificExitCode } | ConvertTo-Json -Compress',
].join('; ');

/** Reads the answer to `QUERY`; null: no such service. Throws a plain Error if it is none. */
export function parseWindowsService(text: string): WindowsService | null {
  const value: unknown = JSON.parse(text.replace(/^\uFEFF/, ''));
  if (value === null) return null;
  if (typeof value !== 'object') throw new Error(`no description of a service: ${text.slice(0, 80)}`);
  const { State, StartMode, ProcessId: pid, CreationDate, ExitCode, ServiceSpecificExitCode } = value as Partial<Record<string, unknown>>;
  if (typeof State !== 'string' || typeof pid !== 'number') throw new Error(`a service without State and ProcessId: ${text.slice(0, 80)}`);
  const startedAt = typeof CreationDate === 'string' ? Date.parse(CreationDate) : Number.NaN;
  return {
    state: State,
    startMode: typeof StartMode === 'string' ? StartMode : '',
    process: pid > 0 && !Number.isNaN(startedAt) ? { id: processId(pid, startedAt), pid, startedAt } : null,
    exitCode: typeof ExitCode === 'number' ? ExitCode : 0,
    serviceExitCode: typeof ServiceSpecificExitCode === 'number' ? ServiceSpecificExitCode : 0,
  };
}

/** What a service is in our words. As long as it has a process it runs, also while it starts or stops. */
export function judgeWindowsService(service: WindowsService): ProcessState {
  const { state, process, exitCode } = service;
  if (process !== null) return { state: 'running', process: process.id, startedAt: process.startedAt };
  switch (state) {
    case 'Stopped': {
      const disabled = service.startMode === 'Disabled' ? ', and it is disabled' : '';
      if (exitCode === 0) return { state: 'down', failed: false, why: `stopped${disabled}` };
      if (exitCode === NEVER_STARTED) return { state: 'down', failed: false, why: `not started since the boot${disabled}` };
      const code = exitCode === SERVICE_SPECIFIC ? `code ${service.serviceExitCode} of its own` : `error ${exitCode}`;
      return { state: 'down', failed: true, why: `it ended with ${code}${disabled}` };
    }
    case 'Start Pending':
      return { state: 'starting', why: 'Windows is starting it' };
    default:
      return { state: 'unknown', why: `Windows calls it "${state}", and tells no process of it` };
  }
}

/** What `sc.exe start` and `sc.exe stop` answered: 0, or a Win32 error code. The words around the code are in the language of the host. */
export function parseScAnswer(exitCode: number | null, output: string): number | null {
  if (exitCode === 0) return 0;
  const written = /^\[SC\].*?\b(\d{1,5})\b/m.exec(output)?.[1];
  return written === undefined ? exitCode : Number(written);
}

/** What `sc.exe query` and `sc.exe queryex` tell, whatever the language: the numbers, not the words beside them. null: no such answer. */
export function parseScQuery(output: string): { readonly state: ScState; readonly pid: number | null } | null {
  // NAME: four blocks into every answer stands the state, as the only line with a number and one of its seven words.
  const state = /^\s*\S[^:\r\n]*:\s*([1-7])\s+(STOPPED|START_PENDING|STOP_PENDING|RUNNING|CONTINUE_PENDING|PAUSE_PENDING|PAUSED)\b/m.exec(
    output,
  )?.[2];
  if (state === undefined) return null;
  const pid = /^\s*PID\s*:\s*(\d+)/m.exec(output)?.[1];
  return { state: state as ScState, pid: pid === undefined ? null : Number(pid) };
}

export type ScState = 'STOPPED' | 'START_PENDING' | 'STOP_PENDING' | 'RUNNING' | 'CONTINUE_PENDING' | 'PAUSE_PENDING' | 'PAUSED';

const NEVER_STARTED = 1077;
const SERVICE_SPECIFIC = 1066;
