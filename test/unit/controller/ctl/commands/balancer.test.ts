import { readFile } from 'node:fs/promises';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { parseArgs } from '../../../../../controller/ctl/typed/args.js';
import { DOCUMENTS } from '../../../../../controller/ctl/schema/documents.js';
import { AppError } from '../../../../../shared/errors.js';
import type { BalancerReport } from '../../../../../shared/model/balancer-report.js';
import { createFakeControl } from '../../../../support/fake-control.js';
import { FAKE_NOW, wellBalancers } from '../../../../support/well-cluster.js';
import { jsonLines, type } from '../harness.js';

/** One of everything: held out, drifting, not telling, and a balancer that could not be asked. */
const odd = (): BalancerReport => {
  const [pound] = wellBalancers(['c1', 'c2', 'c3']).balancers;
  const [first, second, third] = pound?.backends ?? [];
  if (pound === undefined || first === undefined || second === undefined || third === undefined) throw new Error('no balancer');
  const hold = { service: 'c1', by: 'jane@desk', reason: 'memory', since: FAKE_NOW, until: FAKE_NOW + 7_200_000 };
  return {
    at: FAKE_NOW,
    exit: 5,
    balancers: [
      {
        ...pound,
        backends: [
          { ...first, inFile: 'out', inRuntime: 'out', sessions: 3, hold },
          { ...second, inFile: 'unkept', alive: null, sessions: null, inFlight: 4 },
          { ...third, service: null, inRuntime: 'unknown', alive: false },
        ],
      },
      { name: 'lb2', host: 'front2', driver: null, version: null, why: 'agent front2 is not connected', backends: [] },
    ],
    drift: ['pound: c9 is in the file, but not in the running balancer'],
    notes: ['c1: 3 sticky sessions deleted'],
  };
};

describe('ctl balancer', () => {
  it.each([
    ['balancer status', { action: 'balancer status' }],
    ['balancer out c1', { action: 'balancer out', selectors: ['c1'], forS: null, reason: null, force: false }],
    ['balancer out c1, c2 --for 2h', { selectors: ['c1', 'c2'], forS: 7200 }],
    ['balancer out -s c1, c2 c3 --for 90m --force', { selectors: ['c1', 'c2', 'c3'], forS: 5400, force: true }],
    ['balancer out c1 --for 1h30m --reason memory', { forS: 5400, reason: 'memory' }],
    ['balancer out c1 --for 45', { forS: 45 }],
    ['balancer out c1 --for 1.5d', { forS: 129_600 }],
    ['balancer in c1 --force', { action: 'balancer in', selectors: ['c1'], force: true }],
  ])('`%s` is understood', (line, meant) => {
    expect(parseArgs(line.split(' '), '1')).toMatchObject(meant);
  });

  it.each([
    ['balancer', 'ctl balancer: what about it?', 'one of status, out, in; `ctl balancer --help` tells what they do'],
    ['balancer off c1', 'unknown action: balancer off', undefined],
    ['balancer out c1 --for tomorrow', '--for tomorrow: not a duration', 'for example `--for 30` (seconds), `--for 90m`, `--for 2h`'],
    ['balancer out c1 --for 0h', '--for 0h: not a duration', undefined],
    ['balancer out c1 --for 2h3', '--for 2h3: not a duration', undefined],
    ['balancer in c1 --for 2h', '--for does not belong to `ctl balancer in`', 'it belongs to balancer out'],
    ['balancer status c1', 'ctl balancer status: a word that belongs to nothing: c1', '`ctl balancer status --help` tells what it takes'],
  ])('`%s` is refused', (line, message, hint) => {
    const wrong = { code: 'usage', message, ...(hint === undefined ? {} : { hint }) };
    expect(() => parseArgs(line.split(' '), '1')).toThrow(expect.objectContaining(wrong) as Error);
  });

  it('hands the order over with the name of who types', async () => {
    const control = createFakeControl();
    expect(await type('balancer out zeoclient1.1 --for 2h --reason memory', { control }).exit).toBe(0);
    expect(await type('balancer in zeoclient1.1', { control }).exit).toBe(0);
    const order = { selectors: ['zeoclient1.1'], by: 'tester@here', force: false };
    expect(control.orders).toEqual([
      { ...order, wanted: 'out', forS: 7200, reason: 'memory' },
      { ...order, wanted: 'in', forS: null, reason: null },
    ]);
  });

  it('shows every place, who is held out and until when, what does not agree, and whom nobody could ask', async () => {
    const seat = type('balancer status', { control: createFakeControl({ balancers: odd() }) });
    expect(await seat.exit).toBe(5);
    const lines = seat.out().split('\n');
    expect(lines[0]).toMatch(/^BALANCER +CLIENT +ADDRESS +PLACE +FILE +RUNNING +ALIVE +SESSIONS +REQUESTS +BY HAND$/);
    expect(lines[1]).toMatch(/^pound +c1 +10\.0\.0\.1:8081 +main\/zope +out +out +yes +3 +- +out by jane@desk until 20\d\d-.*: memory$/);
    expect(lines[2]).toMatch(/^pound +c2 +10\.0\.0\.1:8082 +main\/zope +- +in +- +- +4$/);
    expect(lines[3]).toMatch(/^pound +- +10\.0\.0\.1:8083 +main\/zope +in +unknown +DEAD +2 +-$/);
    expect(lines.slice(4)).toEqual([
      '',
      'unknown  lb2 on front2: agent front2 is not connected',
      'drift  pound: c9 is in the file, but not in the running balancer',
      '· c1: 3 sticky sessions deleted',
      '',
    ]);
  });

  it('says so where there is no balancer, and what drives one with -v', async () => {
    const none = type('balancer status', { control: createFakeControl({ balancers: { ...odd(), exit: 0, balancers: [] } }) });
    await none.exit;
    expect(none.out()).toBe('there is no balancer in cluster.ini\n');
    const verbose = type('balancer status -v', { control: createFakeControl() });
    await verbose.exit;
    expect(verbose.out()).toContain('pound on front: pound-control, version 4.16\n');
  });

  it('refused below min_active ends with 2', async () => {
    const refuse = new AppError('precondition', '2 of 3 clients serve', { hint: '--force does it all the same' });
    const seat = type('balancer out zeoclient1.1', { control: createFakeControl({ refuse }) });
    expect(await seat.exit).toBe(2);
    expect(seat.err()).toContain('--force does it all the same');
  });

  it.each(['balancer status --json', 'balancer out zeoclient1.1 --json', 'balancer in zeoclient1.1 --json'])(
    '`%s` is one document, as it is published',
    async (line) => {
      const seat = type(line, { control: createFakeControl({ balancers: odd() }) });
      expect(await seat.exit).toBe(5);
      const [document, ...more] = jsonLines(seat.out());
      expect(more).toEqual([]);
      const schema = JSON.parse(await readFile(new URL('../../../../../deploy/schema/balancer.json', import.meta.url), 'utf8')) as object;
      const validate = new Ajv2020({ strict: true, allowUnionTypes: true }).compile(schema);
      expect(validate(document) ? [] : validate.errors).toEqual([]);
      expect(DOCUMENTS.balancer.schema.safeParse(document).error?.issues ?? []).toEqual([]);
      expect(document).toMatchObject({ action: line.replace(/^(balancer \w+).*/, '$1'), drift: odd().drift });
      const until = new Date(FAKE_NOW + 7_200_000).toISOString();
      expect(document).toHaveProperty('balancers.0.backends.0', {
        ...{ service: 'c1', address: '10.0.0.1:8081', place: 'main/zope', in_file: 'out', in_runtime: 'out', alive: true },
        ...{ sessions: 3, in_flight: null, reason: 'memory', until, by: 'jane@desk' },
      });
      expect(document).toHaveProperty('balancers.0.backends.1.in_file', null);
    },
  );
});
