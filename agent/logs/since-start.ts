import { open, type FileHandle } from 'node:fs/promises';
import { throwIfAborted } from '../../shared/abort.js';
import { messageOf } from '../../shared/errors.js';
import type { LogEntry, LogReport } from '../../shared/model/log-report.js';
import { unmeasured } from '../../shared/model/observation.js';
import type { LogSpec } from '../../shared/model/service.js';
import { compilePattern } from '../../shared/pattern.js';
import { findLastLine } from './backwards.js';
import { createEntrySplitter, parseHeader } from './entries.js';

/**
 * What a log says since the last start of its service. An entry is a finding if one of its lines matches the critical pattern and
 * none the ignore pattern. Unmeasured: the file is missing or unreadable, a pattern is no regular expression.
 */
export async function readSinceStart(spec: LogSpec, signal: AbortSignal): Promise<LogReport> {
  try {
    const tests = { ready: compile(spec.readyPattern), critical: compile(spec.criticalPattern), ignored: compile(spec.ignorePattern) };
    const file = await open(spec.file, 'r');
    try {
      const stats = await file.stat();
      if (!stats.isFile()) return unmeasured(`${spec.file} is not a file`);
      return await report(file, stats.size, tests, signal);
    } finally {
      await file.close();
    }
  } catch (error) {
    throwIfAborted(signal);
    return unmeasured(`log ${spec.file} cannot be read: ${messageOf(error)}`);
  }
}

interface Tests {
  readonly ready: (line: string) => boolean;
  readonly critical: (line: string) => boolean;
  readonly ignored: (line: string) => boolean;
}

async function report(file: FileHandle, end: number, tests: Tests, signal: AbortSignal): Promise<LogReport> {
  const marker = await findLastLine(file, end, tests.ready, signal);
  let since: string | null = null;
  let findings = 0;
  let last: LogEntry | null = null;
  const entries: LogEntry[] = [];
  const splitter = createEntrySplitter(tests, ({ entry, critical, ignored }) => {
    if (marker !== null && last === null) since = parseHeader(entry.text)?.time ?? '';
    last = entry;
    if (!critical || ignored) return;
    findings += 1;
    entries.push(entry);
    if (entries.length > MAX_ENTRIES) entries.shift();
  });
  const buffer = Buffer.alloc(CHUNK_BYTES);
  for (let position = marker ?? 0; position < end;) {
    throwIfAborted(signal);
    const { bytesRead } = await file.read(buffer, 0, Math.min(buffer.length, end - position), position);
    if (bytesRead === 0) break;
    splitter.push(buffer.subarray(0, bytesRead));
    position += bytesRead;
  }
  splitter.end();
  return { ok: true, since, findings, entries, last };
}

const MAX_ENTRIES = 10;
const CHUNK_BYTES = 256 * 1024;

/** '' matches nothing. */
function compile(pattern: string): (line: string) => boolean {
  if (pattern === '') return () => false;
  const expression = compilePattern(pattern);
  return (line) => expression.test(line);
}
