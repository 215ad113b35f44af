import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { commonOptions } from '../../../controller/ctl/typed/action.js';
import { ACTIONS } from '../../../controller/ctl/typed/grammar.js';
import { builtCtl, type Run } from '../../support/built-ctl.js';
import { createDeafControl } from '../../support/deaf-control.js';
import { createFakeControl } from '../../support/fake-control.js';
import { CHANGE_FLAGS } from './change-flags.js';
import type { FlagCase, FlagCases } from './flag-cases.js';
import { LOOK_FLAGS } from './look-flags.js';
import { OFFLINE_INI, OWN_FLAGS } from './own-flags.js';

const built = builtCtl();
const CASES: FlagCases = { ...CHANGE_FLAGS, ...LOOK_FLAGS, ...OWN_FLAGS };
const CASE_LIST = Object.entries(CASES).flatMap(([action, options]) =>
  Object.entries(options).map(([option, one]) => [`${action} ${option}`, one] as const),
);

const ended = async (run: Run) => ({ exit: await run.end, out: run.out(), err: run.err() });

describe.concurrent('an option of an action', () => {
  it.each(CASE_LIST)('%s', async (_, one) => {
    await using seat = await built.seat();
    const control = createFakeControl(one.script ?? {});
    await seat.serve(control);
    await writeFile(join(seat.folder, 'offline.ini'), OFFLINE_INI);
    const run = seat.type(...one.line.split(' '));
    if (one.interruptAfter !== undefined) {
      while (control.calls.length < one.interruptAfter) await new Promise<void>((resolve) => setImmediate(resolve));
      run.child.kill('SIGINT');
    }
    const { exit, out, err } = await ended(run);
    expect({ exit, err }).toEqual({
      exit: one.exit ?? 0,
      err: one.err === undefined ? saidBeside(one) : (expect.stringMatching(one.err) as string),
    });
    if (one.out !== undefined) expect(out).toMatch(one.out);
    if (one.calls !== undefined) expect(control.calls).toEqual(one.calls);
    if (one.request !== undefined) expect(control.requests).toEqual([expect.objectContaining(one.request)]);
    if (one.order !== undefined) expect(control.orders).toEqual([expect.objectContaining(one.order)]);
    if (one.query !== undefined) expect(asked(control.calls)).toMatchObject({ selectors: one.selectors ?? '', query: one.query });
  });
});

/** The summary of a search goes to standard error. */
const saidBeside = ({ query }: FlagCase): unknown => (query === undefined ? '' : (expect.any(String) as string));

/** What the fake was asked to look for, and where. */
function asked([call = '']: readonly string[]): { selectors: string; query: unknown } {
  const [, selectors = '', query = 'null'] = /^log (\S*) (.*)$/.exec(call) ?? [];
  return { selectors, query: JSON.parse(query) };
}

/** Every action as it is typed when nothing is wanted of it but that it runs. */
const PLAIN: Readonly<Record<string, string>> = {
  ...Object.fromEntries(ACTIONS.map(({ name }) => [name, name])),
  stop: 'stop zeoclient1.1',
  purge: 'purge --yes',
  'balancer out': 'balancer out zeoclient1.1',
  'balancer in': 'balancer in zeoclient1.1',
  'operations show': 'operations show op-1',
  'operations resume': 'operations resume op-1',
  'operations abort': 'operations abort op-1',
  completion: 'completion bash',
  login: 'login --controller 127.0.0.1:1 --token t --ca sha256:00',
};
const typed = (action: string): string[] => (PLAIN[action] ?? action).split(' ');
const NAMES = ACTIONS.map(({ name }) => name);
/** They ask no controller, and are done at once. */
const OWN = ['config check', 'config show', 'config upgrade', 'login', 'completion', 'complete'];
const ASKING = NAMES.filter((name) => !OWN.includes(name));
const ANSWERS = {
  mailTest: { server: 'mail:25', outcome: 'accepted', accepted: ['ops@example.org'], refused: [], answers: [], ms: 12 },
} as const;
const NO_HITS = { type: 'result', result: { exit: 0, services: [] } } as const;

/** An option of every action: how it is seen that it was obeyed. */
const COMMON: Readonly<Record<string, () => void>> = {
  '-c': () =>
    it.each(ASKING)('%s -c FILE asks the controller of that file', async (action) => {
      await using seat = await built.seat();
      const control = createFakeControl({ ...ANSWERS, logEvents: [NO_HITS] });
      await seat.serveNobody();
      await seat.serve(control, 'other.ini');
      expect(await ended(seat.type(...typed(action), '-c', 'other.ini'))).toMatchObject({ exit: 0 });
      expect(control.calls).not.toEqual([]);
    }),
  '--json': () =>
    it.each(ASKING)('%s --json writes JSON and nothing else', async (action) => {
      await using seat = await built.seat();
      await seat.serve(createFakeControl({ ...ANSWERS, logEvents: [NO_HITS] }));
      const { exit, out, err } = await ended(seat.type(...typed(action), '--json'));
      const lines = out
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as { action?: string });
      expect({ exit, err, last: lines.at(-1) }).toMatchObject({ exit: 0, err: '', last: { schema: 1, exit: 0 } });
    }),
  '--timeout': () =>
    it.each(ASKING)('%s --timeout ends the waiting for an answer', async (action) => {
      await using seat = await built.seat();
      await seat.serve(createDeafControl());
      const { exit, err } = await ended(seat.type(...typed(action), '--timeout', '0.3'));
      expect({ exit, err }).toEqual({ exit: 5, err: expect.stringContaining(`ctl: ctl ${action} took longer than 300 ms`) as string });
    }),
  '-v': () =>
    it.each(ASKING)('%s -v tells the causes', async (action) => {
      await using seat = await built.seat();
      await seat.serveNobody();
      const { exit, err } = await ended(seat.type(...typed(action), '-v'));
      expect({ exit, err }).toEqual({ exit: 5, err: expect.stringContaining('  because: ') as string });
    }),
  '--no-color': () =>
    it.each(ASKING)('%s --no-color has no colours on a terminal', async (action) => {
      await using seat = await built.seat();
      await seat.serveNobody();
      const { exit, out } = await ended(seat.typeOnTerminal(...typed(action), '--no-color'));
      expect({ exit, out }).toEqual({ exit: 5, out: expect.stringMatching(/^ctl: no controller answers/) as string });
    }),
};

describe.concurrent('an option of every action', () => {
  for (const define of Object.values(COMMON)) define();

  it('there are colours on a terminal without --no-color', async () => {
    await using seat = await built.seat();
    await seat.serveNobody();
    expect((await ended(seat.typeOnTerminal('check'))).out).toContain('\u001b[31m');
  });

  it.each(ACTIONS)('$name --help tells what it does, and names every option', async ({ name, summary, options }) => {
    await using seat = await built.seat();
    const { exit, out, err } = await ended(seat.type(...name.split(' '), '--help'));
    expect({ exit, err }).toEqual({ exit: 0, err: '' });
    expect(out).toContain(`Usage: ctl ${name} [options]`);
    expect(out.replace(/\s+/g, ' ')).toContain(summary);
    for (const { flags } of [...options, ...commonOptions()]) expect(out).toContain(`\n  ${flags} `);
  });

  it.each(NAMES)('%s --version tells the version', async (name) => {
    await using seat = await built.seat();
    expect(await ended(seat.type(...name.split(' '), '--version'))).toEqual({
      exit: 0,
      out: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) as string,
      err: '',
    });
  });
});

describe.concurrent('an option of every action, where no controller is asked', () => {
  const CHECKED = { exit: 0, out: /^offline\.ini: 0 errors, 2 warnings$/m };
  it.each([
    ['config check -c offline.ini', CHECKED],
    ['config check offline.ini -v', CHECKED],
    ['config check offline.ini --no-color', CHECKED],
    ['config check offline.ini --timeout 30', CHECKED],
    ['config check offline.ini --json', { exit: 0, out: /^\{"schema":1,"action":"config check","exit":0,.*\}\n$/ }],
    ['config show -c offline.ini', { exit: 0, out: /zeoclient1\.1/ }],
    ['config show offline.ini -v', { exit: 0, out: /max_fail/ }],
    ['config show offline.ini --no-color', { exit: 0, out: /zeoclient1\.1/ }],
    ['config show offline.ini --timeout 30', { exit: 0, out: /zeoclient1\.1/ }],
    ['config show offline.ini --json', { exit: 0, out: /"action":"config show"/ }],
    ['config upgrade -c offline.ini', { exit: 0, out: /\[zeoclient1\.1\]/ }],
    ['config upgrade offline.ini -v', { exit: 0, out: /\[zeoclient1\.1\]/ }],
    ['config upgrade offline.ini --no-color', { exit: 0, out: /\[zeoclient1\.1\]/ }],
    ['config upgrade offline.ini --timeout 30', { exit: 0, out: /\[zeoclient1\.1\]/ }],
    ['config upgrade offline.ini --json', { exit: 0, out: /"action":"config upgrade"/ }],
    ['completion bash -c offline.ini -v --json --no-color --timeout 30', { exit: 0, out: /complete -o|complete -F/ }],
    ['complete -c offline.ini -v --json --no-color --timeout 30 -- start -c offline.ini zeo', { exit: 0, out: /^zeoclient1\.1\t/ }],
    ['login -c offline.ini --json --no-color -v --timeout 30', { exit: 2, out: /"action":"login","exit":2/ }],
  ] as const)('%s', async (line, expected) => {
    await using seat = await built.seat();
    await writeFile(join(seat.folder, 'offline.ini'), OFFLINE_INI);
    const { exit, out, err } = await ended(seat.type(...line.split(' ')));
    expect({ exit, err }).toEqual({ exit: expected.exit, err: expect.any(String) as string });
    expect(out).toMatch(expected.out);
  });

  it('login --timeout ends the waiting for a controller that says nothing', async () => {
    await using seat = await built.seat();
    const port = await seat.listenOnly();
    const line = [
      'login',
      '--controller',
      `127.0.0.1:${port}`,
      '--token',
      `${'0'.repeat(16)}.${'A'.repeat(43)}`,
      '--ca',
      `sha256:${'0'.repeat(64)}`,
    ];
    expect(await ended(seat.type(...line, '--timeout', '0.3'))).toMatchObject({ exit: 5 });
  });
});

describe.concurrent('the old form', () => {
  it.each([
    [
      '-a start -s zeoclient1.1, zeoclient1.2',
      ['run start'],
      { action: 'start', selectors: ['zeoclient1.1', 'zeoclient1.2'], oldForm: true },
    ],
    ['-a start -PR -u /news', ['run start'], { action: 'start', purge: true, rotate: true, path: '/news', oldForm: true }],
    ['-a start -r', ['removeLock', 'run start'], { action: 'start' }],
    ['-a stop', ['run stop'], { action: 'stop', selectors: [], oldForm: true }],
    ['-a repair -s zeoclient1.1', ['run repair'], { action: 'repair', selectors: ['zeoclient1.1'] }],
    ['-a rotate', ['run rotate'], { action: 'rotate' }],
    ['-a purge', ['run purge'], { action: 'purge', oldForm: true }],
    ['-a check -u /news -v', ['check  /news'], null],
    ['-a mem -s zeoclient1.1', ['memory zeoclient1.1'], null],
    ['-a log -p Conflict -s zeoclient1.1', [expect.stringMatching(/^log zeoclient1\.1 .*"pattern":"Conflict"/) as string], null],
  ])('ctl %s -c cluster.ini', async (line, calls, request) => {
    await using seat = await built.seat();
    const control = createFakeControl({ logEvents: [NO_HITS] });
    await seat.serve(control);
    const { exit } = await ended(seat.type(...line.split(' '), '-c', 'cluster.ini'));
    expect({ exit, calls: control.calls }).toEqual({ exit: 0, calls });
    if (request !== null) expect(control.requests).toMatchObject([request]);
  });
});

it('every option of every action has a case here, and no case is of an option that is gone', () => {
  const cased = Object.entries(CASES).flatMap(([action, options]) => Object.keys(options).map((option) => `${action} ${option}`));
  const there = ACTIONS.flatMap(({ name, options }) => options.map(({ short, long }) => `${name} ${long ?? short ?? ''}`));
  expect(cased.sort()).toEqual(there.sort());
});

it('every option of every action is tried on every action', () => {
  expect(Object.keys(COMMON).sort()).toEqual(
    commonOptions()
      .map(({ short, long }) => long ?? short)
      .sort(),
  );
});
