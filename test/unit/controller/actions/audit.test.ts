import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Audit, audited, endOf, openAudit } from '../../../../controller/actions/audit.js';
import { AppError } from '../../../../shared/errors.js';
import type { RunRequest } from '../../../../shared/model/control-api.js';
import { createFakeControl, type FakeControlScript } from '../../../support/fake-control.js';

const clock = { now: () => 0, wallTime: () => Date.parse('2026-01-02T03:04:05.678Z'), sleep: () => Promise.resolve() };
const request: RunRequest = {
  ...{ action: 'restart', selectors: ['zeoclient1.1'], by: 'alice@web1', force: false, oldForm: false },
  ...{ maxFail: null, batch: null, deadlineS: null },
};
const { signal } = new AbortController();

let folder: string;
let audit: Audit;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ctl-audit-'));
  audit = openAudit(folder, clock);
});
afterEach(async () => {
  audit.close();
  await rm(folder, { recursive: true, force: true });
});

const control = (script: FakeControlScript = {}) => audited(createFakeControl(script), audit);
const lines = async () =>
  (await readFile(join(folder, 'audit.log'), 'utf8'))
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
const drain = async (events: AsyncIterable<unknown>) => {
  const reading = events[Symbol.asyncIterator]();
  while ((await reading.next()).done !== true) continue;
};

describe('the audit log', () => {
  it('has a line for the end of an operation: who, what, and what became of each service', async () => {
    const member = { why: null, lastLogEntry: null, stepsMs: {} };
    const services = [
      { ...member, name: 'a', result: 'done' as const },
      { ...member, name: 'b', result: 'failed' as const },
      { ...member, name: 'c', result: 'untouched' as const },
    ];
    const result = {
      operation: 'op-1',
      action: 'restart',
      outcome: 'halted',
      exit: 1,
      seconds: 3,
      why: 'b did not come back',
      services,
    } as const;
    audit.note(endOf(result, 'alice@web1'));
    expect(await lines()).toEqual([
      {
        ...{ at: '2026-01-02T03:04:05.678Z', by: 'alice@web1', what: 'restart', services: ['a done', 'b failed'] },
        ...{ operation: 'op-1', result: 'halted', why: 'b did not come back' },
      },
    ]);
  });

  it('has a line for what was refused, and none for what was only begun', async () => {
    await drain(control().run(request, signal));
    const refusing = control({ refuse: new AppError('precondition', 'too few clients are alive') });
    await expect(drain(refusing.run(request, signal))).rejects.toThrow();
    expect(await lines()).toMatchObject([
      {
        by: 'alice@web1',
        what: 'restart',
        services: ['zeoclient1.1'],
        operation: null,
        result: 'refused',
        why: 'too few clients are alive',
      },
    ]);
  });

  it('has a line for everything else that changes something', async () => {
    const api = control();
    await api.setBackends({ wanted: 'out', selectors: ['a'], by: 'bob@ops', force: false, forS: null, reason: null }, signal);
    await api.removeLock({ force: false, by: 'bob@ops' }, signal);
    await api.halt('op-1', 'aborted', 'bob@ops', signal);
    await drain(api.resume('op-1', 'bob@ops', signal));
    expect((await lines()).map(({ by, what, result }) => `${String(by)} ${String(what)} ${String(result)}`)).toEqual([
      ...['bob@ops balancer out done', 'bob@ops lock -r done', 'bob@ops operations abort done', 'bob@ops operations resume asked'],
    ]);
  });

  it('has none for what only looks', async () => {
    const api = control();
    await api.check({ selectors: [], path: null }, signal);
    await api.status({ selectors: [] }, signal);
    await api.operations(signal);
    expect(await lines()).toEqual([]);
  });
});
