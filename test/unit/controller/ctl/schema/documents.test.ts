import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { DOCUMENTS, jsonSchemaOf } from '../../../../../controller/ctl/schema/documents.js';
import { AppError } from '../../../../../shared/errors.js';
import { createFakeControl, type FakeControl } from '../../../../support/fake-control.js';
import { FAKE_NOW, wellClient } from '../../../../support/well-cluster.js';
import { jsonLines, type, type Typed } from '../harness.js';
import type { ServiceReport } from '../../../../../shared/model/check-report.js';
import type { MemoryReport } from '../../../../../shared/model/memory-report.js';
import { processId } from '../../../../../shared/model/process.js';
import type { RepairDecision } from '../../../../../shared/model/repair.js';

type DocumentName = keyof typeof DOCUMENTS;
const NAMES = Object.keys(DOCUMENTS) as DocumentName[];
const published = async (name: DocumentName) =>
  JSON.parse(await readFile(new URL(`../../../../../deploy/schema/${name}.json`, import.meta.url), 'utf8')) as object;

it.each(NAMES)('the published schema of %s is up to date (npx tsx deploy/schema/generate.ts)', async (name) => {
  expect(await published(name)).toEqual(JSON.parse(JSON.stringify(jsonSchemaOf(DOCUMENTS[name]))));
});

/** Every line by the published schema, and by our own, which refuses a field that nobody has described. */
async function expectValid(name: DocumentName, documents: readonly object[]) {
  const validate = new Ajv2020({ strict: true, allowUnionTypes: true }).compile(await published(name));
  for (const document of documents) {
    expect(validate(document) ? [] : validate.errors).toEqual([]);
    expect(DOCUMENTS[name].schema.safeParse(document).error?.issues ?? []).toEqual([]);
  }
}

async function printed(line: string, typed: Typed) {
  const seat = type(line, typed);
  const exit = await seat.exit;
  return { exit, lines: jsonLines(seat.out()) };
}

const withReport = (): FakeControl =>
  createFakeControl({
    report: {
      at: FAKE_NOW,
      exit: 1,
      warnings: ['mind'],
      services: [
        wellClient('zeoclient1.1'),
        { ...wellClient('zeo'), type: 'ZeoServer', pool: null, http: null, memory: null, log: null, balancer: 'none' },
        {
          ...wellClient('zeoclient1.2'),
          state: 'critical',
          at: null,
          tcp: { ok: false, why: 'refused' },
          http: { ok: false, why: 'status 500', status: 500 },
          memory: { ok: false, why: 'no pid file' },
          log: { ok: false, why: 'unreadable' },
          findings: [{ event: 2, kind: 'http', message: 'status 500', expected: null, got: '500' }],
        },
      ],
    },
  });

describe('--json', () => {
  it.each(['check --json', 'status --json', '-a check --json -s zeoclient1.1'])('`%s` is a report', async (line) => {
    const { exit, lines } = await printed(line, { control: withReport() });
    await expectValid('report', lines);
    expect(lines).toHaveLength(1);
    expect(exit).toBe(1);
    expect(lines[0]).toMatchObject({ schema: 1, exit: 1, at: '2024-09-25T14:47:17.000Z' });
  });

  it('`mem --json` is a report of memory, what was not measured with its reason', async () => {
    const child = { process: processId(4243, 778), parent: 4242, command: 'python3', rss: { ok: true, kb: 900 }, pss: null } as const;
    const well = wellClient('zeoclient1.1');
    const growing = { ...well, memory: { ...well.memory, growthKbPerH: 3600 } as ServiceReport['memory'] };
    const stopped = { ...wellClient('zeoclient1.2'), state: 'stopped', memory: { ok: false, why: 'not running: exit code 1' } } as const;
    const memory: MemoryReport = {
      at: FAKE_NOW,
      exit: 0,
      warnings: [],
      services: [
        { report: growing, pss: { ok: false, why: 'not as this user' }, tree: { ok: true, children: [child] } },
        { report: stopped, pss: null, tree: null },
      ],
    };
    const { exit, lines } = await printed('mem --tree --pss --json', { control: createFakeControl({ memory }) });
    await expectValid('memory', lines);
    expect(exit).toBe(0);
    expect(lines[0]).toMatchObject({
      action: 'mem',
      services: [
        {
          memory: {
            growth_kb_per_h: 3600,
            // 421,888 kB are left, at 3,600 kB an hour.
            limit_reached_at: '2024-09-30T11:58:45.000Z',
            pss: { ok: false, why: 'not as this user' },
            tree: { ok: true, processes: [{ pid: 4243, parent: 4242, command: 'python3', rss: { ok: true, kb: 900 }, pss: null }] },
          },
        },
        { state: 'stopped', memory: { ok: false, why: 'not running: exit code 1' } },
      ],
    });
  });

  it('`perf --json` tells the week and the week before', async () => {
    const figures = { count: 3, p50: 0.2, p95: 0.9, max: 1.5 };
    const row = { service: 'zeoclient1.1', host: 'web1', url: '/', now: figures, before: null };
    const perf = { from: FAKE_NOW - 604_800_000, to: FAKE_NOW, rows: [row], warnings: ['perf_3.log: 1 line is none of a perf file'] };
    const { exit, lines } = await printed('perf --json', { control: createFakeControl({ perf }) });
    await expectValid('perf', lines);
    expect(exit).toBe(0);
    expect(lines[0]).toMatchObject({
      from: '2024-09-18T14:47:17.000Z',
      pages: [{ url: '/', week: { count: 3, p50_s: 0.2, p95_s: 0.9, max_s: 1.5 }, week_before: null }],
    });
  });

  it.each([
    'start --json',
    'purge --json --yes',
    'stop --json --yes',
    'repair --json',
    'restart --json',
    'operations resume op-1 --json',
    'operations show op-1 --follow --json',
  ])('`%s` is a stream that ends with its result', async (line) => {
    const { exit, lines } = await printed(line, { control: createFakeControl() });
    await expectValid('operation-line', lines);
    expect(exit).toBe(0);
    expect(lines.map((one) => one.type === 'result')).toEqual(lines.map((_, i) => i === lines.length - 1));
  });

  it('`repair --explain --json` is a document, with the exit code of a check', async () => {
    const told = async (...decisions: readonly RepairDecision[]) => {
      const { exit, lines } = await printed('repair --explain --json', { control: createFakeControl({ decisions }) });
      await expectValid('repair', lines);
      expect(lines).toMatchObject([{ action: 'repair', exit, decisions }]);
      return exit;
    };
    const well = { service: 'zeo', state: 'well', action: 'none', reason: 'nothing is wrong with it' } as const;
    const unknown = { ...well, state: 'unknown' } as const;
    expect(await told(well)).toBe(0);
    expect(await told(well, unknown)).toBe(5);
    expect(await told(unknown, { ...well, state: 'critical', action: 'give-up' })).toBe(1);
  });

  it('a halted roll tells its exit code, and the times of each step', async () => {
    const { exit, lines } = await printed('start --json', { control: createFakeControl({ failing: 'zeoclient1.2' }) });
    await expectValid('operation-line', lines);
    expect(exit).toBe(1);
    expect(lines.at(-1)).toMatchObject({
      exit: 1,
      outcome: 'halted',
      services: [
        { name: 'zeoclient1.1', result: 'done', why: null, steps: { drain_ms: 2100, warm_ms: 3100 } },
        { name: 'zeoclient1.2', result: 'failed', steps: { stop_ms: 950 } },
        { name: 'zeoclient2.1', result: 'untouched', steps: {} },
        { name: 'zeoclient2.2', result: 'untouched', steps: {} },
      ],
    });
  });

  it('an operation that runs on ends with a result without an outcome', async () => {
    const control = createFakeControl({ stuckOn: 'zeoclient1.2' });
    const { exit, lines } = await printed('operations show op-1 --json', { control });
    await expectValid('operation-line', lines);
    expect(exit).toBe(0);
    expect(lines.at(-1)).toMatchObject({ type: 'result', outcome: null });
  });

  it('a client that was put back is `in` for a reader of the specified steps', async () => {
    const control = createFakeControl();
    control.run = async function* () {
      yield { type: 'step', operation: 'op-1', service: 'a', step: 'back', state: 'end', at: FAKE_NOW, ms: 5, detail: null };
      const services = [{ name: 'a', result: 'failed' as const, why: 'x', lastLogEntry: null, stepsMs: { in: 1, back: 5 } }];
      yield { type: 'result', result: { operation: 'op-1', action: 'start', outcome: 'halted', exit: 1, seconds: 1, why: 'x', services } };
    };
    const { lines } = await printed('restart --json', { control });
    await expectValid('operation-line', lines);
    expect(lines).toMatchObject([{ step: 'in' }, { services: [{ steps: { in_ms: 6 } }] }]);
  });

  it('--dry-run is a plan and runs nothing', async () => {
    const control = createFakeControl();
    const { lines } = await printed('start --dry-run --json', { control });
    await expectValid('plan', lines);
    expect(control.calls).toEqual(['plan start']);
    expect(lines[0]).toMatchObject({ action: 'start', exit: 0, plan: expect.arrayContaining([expect.anything()]) as unknown });
  });

  it('operations list and abort are documents', async () => {
    const summary = {
      id: 'op-1',
      action: 'start',
      state: 'running',
      started: FAKE_NOW,
      ended: null,
      by: 'a@b',
      done: [],
      failed: [],
      untouched: ['x'],
    } as const;
    const list = await printed('operations list --json', { control: createFakeControl({ operations: [summary] }) });
    await expectValid('operations', list.lines);
    const control = createFakeControl();
    const abort = await printed('operations abort op-1 --json', { control });
    await expectValid('operation-abort', abort.lines);
    expect(control.calls).toEqual(['halt op-1 aborted']);
  });

  it('config diff is a document, exit 2 if the file is not taken over', async () => {
    const changes = [{ section: 'DEFAULT', key: 'timeout', before: '10', after: '20', line: 3 }];
    const diff = { file: 'cluster.ini', loadedAt: FAKE_NOW, changes, refusals: [] };
    const well = await printed('config diff --json', { control: createFakeControl({ diff }) });
    await expectValid('config-diff', well.lines);
    expect(well).toMatchObject({ exit: 0, lines: [{ loaded: '2024-09-25T14:47:17.000Z', changes }] });
    const refused = await printed('config diff --json', { control: createFakeControl({ diff: { ...diff, refusals: ['no'] } }) });
    expect(refused).toMatchObject({ exit: 2, lines: [{ exit: 2, refusals: ['no'] }] });
  });

  it('config check is a document, exit 2 if there is an error', async () => {
    const problem = { file: 'cluster.ini', line: 3, section: 'a', key: null, message: 'm', hint: null };
    const warned = await printed('config check --json', { configProblems: async () => [{ severity: 'warning', ...problem }] });
    await expectValid('config-check', warned.lines);
    expect(warned.exit).toBe(0);
    const wrong = await printed('config check --json', { configProblems: async () => [{ severity: 'error', ...problem }] });
    expect(wrong.exit).toBe(2);
    expect(wrong.lines[0]).toMatchObject({ exit: 2 });
  });
});

describe('offline documents', () => {
  const OLD = fileURLToPath(new URL('../../../../fixtures/config/old-windows.ini', import.meta.url));

  it.each([
    ['config show', 'config-show'],
    ['config show --raw', 'config-show-raw'],
    ['config upgrade', 'config-upgrade'],
    ['config check', 'config-check'],
  ] as const)('`%s --json` on a file of the old tool', async (line, document) => {
    const { exit, lines } = await printed(`${line} --json -c ${OLD}`, {});
    expect(exit).toBe(0);
    expect(lines).toHaveLength(1);
    await expectValid(document, lines);
  });
});

describe('errors in --json', () => {
  it.each([
    ['chekc --json', 2, { action: 'chekc', error: { code: 'usage', message: 'unknown action: chekc', hint: 'did you mean `ctl check`?' } }],
    ['start nobody --json', 2, { type: 'result', action: 'start', error: { code: 'usage', message: 'no service nobody' } }],
    ['operations show op-9 --json', 2, { type: 'result', action: 'operations show', error: { code: 'not-found' } }],
  ])('`%s` answers the error shape on standard output', async (line, code, expected) => {
    const { exit, lines } = await printed(line, { control: createFakeControl() });
    await expectValid('error', lines);
    expect(exit).toBe(code);
    expect(lines.at(-1)).toMatchObject({ schema: 1, exit: code, ...expected });
  });

  it('a lock that somebody holds is exit 4', async () => {
    const refuse = new AppError('conflict', 'op-7 of root@ops holds the lock', { hint: 'wait for it' });
    const { exit, lines } = await printed('start --json', { control: createFakeControl({ refuse }) });
    await expectValid('error', lines);
    expect(exit).toBe(4);
  });

  it('a controller that is not there is exit 5, and names its address', async () => {
    const connect = () => Promise.reject(new AppError('unreachable', 'refused'));
    const { exit, lines } = await printed('check --json', { connect });
    await expectValid('error', lines);
    expect(exit).toBe(5);
    expect(lines[0]).toMatchObject({ error: { code: 'unreachable', message: 'no controller answers at 127.0.0.1:7400' } });
  });

  it('a call that takes longer than --timeout is exit 5', async () => {
    const { exit, lines } = await printed('check --json --timeout 0.2', { control: createFakeControl({ deaf: true }) });
    await expectValid('error', lines);
    expect(exit).toBe(5);
    expect(lines[0]).toMatchObject({ error: { code: 'timeout', message: 'ctl check took longer than 200 ms' } });
  });
});

it('--nagios answers unknown where nothing can be measured', async () => {
  const connect = () => Promise.reject(new AppError('unreachable', 'refused'));
  const seat = type('check --nagios', { connect });
  expect(await seat.exit).toBe(3);
  expect(seat.out()).toBe('CTL UNKNOWN - no controller answers at 127.0.0.1:7400\n');
});
