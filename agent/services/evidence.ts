import { readFile } from 'node:fs/promises';
import { isErrno } from '../../shared/errors.js';
import { pidOf } from '../../shared/model/process.js';
import type { ServiceSpec } from '../../shared/model/service.js';
import type { Clock } from '../../shared/ports/clock.js';
import { boundOutput, lastOutput, type Ending } from '../../shared/ports/spawn-detached.js';
import { listens } from '../connections/index.js';
import type { ServiceEvidence } from './judge.js';
import { descendsFrom } from './main-process.js';
import { readPidFile } from './pid-file.js';
import type { Inspected, ProcessFacts, Processes } from './processes.js';
import type { RecordStore, ServiceRecord } from './record.js';

/** What the agent that started a service knows of that start as long as it lives itself. */
export interface StartMemory {
  readonly token: string;
  foreground: boolean;
  ended: ServiceRecord['ended'];
}

interface EvidenceDeps {
  /** Of the user whom agent.ini has for the service; null: it has none. */
  readonly uidOf: (spec: ServiceSpec, signal: AbortSignal) => Promise<number | null>;
  /** How a start command ended that was given to systemd; null: it runs, or nothing is known of it. */
  readonly endOf: (unit: string, signal: AbortSignal) => Promise<Ending | null>;
  readonly processes: Processes;
  readonly records: RecordStore;
  readonly clock: Clock;
  readonly outputOf: (spec: ServiceSpec) => string;
  /** By service name. */
  readonly memory: Map<string, StartMemory>;
}

/** Reads what this host has to say of a service; changes nothing but the length of its output file. */
export function createEvidence({ processes, records, clock, outputOf, memory, uidOf, endOf }: EvidenceDeps) {
  return async (spec: ServiceSpec, signal: AbortSignal): Promise<ServiceEvidence> => {
    const written = await recordOf(spec);
    const started = await startedBy(written);
    const record = started === 'gone' && written !== null ? await withEnd(spec, written, signal) : written;
    const remembered = memory.get(spec.serviceName);
    const pidFile = spec.pidFile === undefined ? null : await readPidFile(spec.pidFile);
    const named = await namedBy(pidFile?.kind === 'pid' ? pidFile.pid : null, spec, { record, started }, signal);
    if (remembered !== undefined && typeof named.process === 'object' && named.process.id === record?.process) {
      remembered.foreground = true;
    }
    const lost = started === 'gone' && named.process === 'gone';
    const search = lost && record !== null && !record.stopping && (record.ended === null || pidFile === null);
    const output = outputOf(spec);
    if (started !== 'gone') await boundOutput(output, MAX_OUTPUT_BYTES);
    return {
      now: clock.now(),
      record,
      started,
      foreground: remembered?.foreground ?? false,
      offspring: search && (await withToken(record.token)).length > 0 ? 'found' : 'none',
      pidFile,
      named,
      output: lost && record !== null ? lastLines(await lastOutput(output)) : '',
      portTaken: lost && pidFile === null && (await listens(spec.port)),
    };
  };

  async function recordOf(spec: ServiceSpec): Promise<ServiceRecord | null> {
    const record = await records.read(spec.serviceName);
    if (record?.bootId !== (await processes.bootId())) return null;
    const remembered = memory.get(spec.serviceName);
    return remembered?.token === record.token && record.ended === null ? { ...record, ended: remembered.ended } : record;
  }

  /** systemd tells how a command ended, also to an agent that has been started since; when that was counts from the first look. */
  async function withEnd(spec: ServiceSpec, record: ServiceRecord, signal: AbortSignal): Promise<ServiceRecord> {
    if (record.ended !== null || record.unit === null) return record;
    const found = await endOf(record.unit, signal);
    if (found === null) return record;
    const ended = { ...found, at: clock.now() };
    const remembered = memory.get(spec.serviceName);
    memory.set(spec.serviceName, { token: record.token, foreground: remembered?.foreground ?? false, ended });
    return { ...record, ended };
  }

  async function startedBy(record: ServiceRecord | null): Promise<Inspected> {
    if (record === null) return 'gone';
    if (record.process !== null) {
      const found = await processes.inspect(pidOf(record.process));
      return found === 'hidden' || (found !== 'gone' && found.id === record.process) ? found : 'gone';
    }
    if (record.ended !== null) return 'gone';
    // We died between the start and the note of it: the start command leads a session, and carries the token.
    return (await withToken(record.token)).find((process) => process.pid === process.session) ?? 'gone';
  }

  async function namedBy(pid: number | null, spec: ServiceSpec, start: Start, signal: AbortSignal): Promise<ServiceEvidence['named']> {
    const process = pid === null ? 'gone' : await processes.inspect(pid);
    if (typeof process === 'string') return { process, startedAt: 0, foreign: null };
    const foreign = process.id === start.record?.process ? null : await foreignness(process, spec, start, signal);
    return { process, startedAt: await processes.startedAt(process), foreign };
  }

  async function foreignness(
    process: ProcessFacts,
    spec: ServiceSpec,
    { record, started }: Start,
    signal: AbortSignal,
  ): Promise<string | null> {
    const wanted = await uidOf(spec, signal);
    const uid = wanted === null ? null : await processes.uidOf(process);
    if (uid !== null && uid !== wanted) return `belongs to uid ${uid}, not to the service's user`;
    if (record === null || typeof started === 'string' || (await descendsFrom(process, started.pid, processes))) return null;
    const environment = await environmentOf(process.pid);
    if (environment === '' || environment.includes(tokenOf(record.token))) return null;
    return `was not started by process ${started.pid}, which runs as this service`;
  }

  async function withToken(token: string): Promise<ProcessFacts[]> {
    const all = await processes.all();
    const carries = await Promise.all(all.map(async ({ pid }) => (await environmentOf(pid)).includes(tokenOf(token))));
    return all.filter((_, index) => carries[index]).sort((a, b) => a.startTicks - b.startTicks);
  }
}

interface Start {
  readonly record: ServiceRecord | null;
  readonly started: Inspected;
}

const tokenOf = (token: string) => `CTL_SERVICE=${token}`;

const MAX_OUTPUT_BYTES = 8 * 1024 * 1024;
const LAST_LINES = 3;

/** '' if it is gone, or another user's: then it is none that we started. */
async function environmentOf(pid: number): Promise<string> {
  try {
    return await readFile(`/proc/${pid}/environ`, 'latin1');
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ESRCH', 'EACCES', 'EPERM')) return '';
    throw error;
  }
}

function lastLines(text: string): string {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  return lines.slice(-LAST_LINES).join(' | ').trim();
}
