import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { AppError } from '../../../shared/errors.js';
import type { CheckReport } from '../../../shared/model/check-report.js';
import { formatAddress } from '../../../shared/rpc/address.js';
import { builtCtl, type Run } from '../../support/built-ctl.js';
import { createDeafControl } from '../../support/deaf-control.js';
import { createFakeControl, type FakeControlScript } from '../../support/fake-control.js';
import { FAKE_NOW, wellBalancers, wellClient } from '../../support/well-cluster.js';
import { startSecured } from '../../support/secured.js';
import { OFFLINE_INI } from './own-flags.js';

const built = builtCtl();
const ended = async (run: Run) => ({ exit: await run.end, out: run.out(), err: run.err() });

const CRITICAL = {
  ...wellClient('zeoclient1.1'),
  state: 'critical',
  findings: [{ event: 1, kind: 'tcp', message: 'no TCP connection', expected: null, got: null }],
} as const;
const report = (exit: number): CheckReport => ({
  at: FAKE_NOW,
  exit,
  services: exit === 1 ? [CRITICAL] : [wellClient('zeoclient1.1')],
  warnings: [],
});
const memory = (exit: number) => ({ at: FAKE_NOW, exit, services: [], warnings: [] });
const found = (exit: number) => ({ logEvents: [{ type: 'result', result: { exit, services: [] } }] }) as const;
const mailTest = (outcome: 'accepted' | 'refused' | 'unreachable') => ({
  mailTest: { server: 'mail:25', outcome, accepted: [], refused: [], answers: [], ms: 1 },
});
const mails = { server: 'mail:25', to: ['ops@example.org'], waiting: [], givenUp: [], blocked: null, nextTry: null };
const lost = { id: 'm1', subject: 's', to: ['ops@example.org'], at: FAKE_NOW, attempts: 1, lastError: '550 no' };
const refuse = (code: AppError['code']) => ({ refuse: new AppError(code, 'not now', { hint: 'later' }) });
const holder = { what: 'op-0', by: 'alice@web1', host: 'web1', pid: 1, since: null, alive: true, why: 'it runs' };
const decided = (state: 'critical' | 'unknown' | 'well') =>
  ({ decisions: [{ service: 'zeoclient1.1', state, action: 'none', reason: 'as it is' }] }) as const;
const diff = (refusals: readonly string[]) => ({ diff: { file: '/etc/ctl/cluster.ini', loadedAt: FAKE_NOW, changes: [], refusals } });

type Line = readonly [exit: number, line: string, script: FakeControlScript];

const CHANGES = [
  'start',
  'restart',
  'stop --yes',
  'repair',
  'rotate',
  'purge --yes',
  '-a start',
  '-a stop',
  '-a repair',
  '-a rotate',
  '-a purge',
];
const LINES: readonly Line[] = [
  ...CHANGES.flatMap((line): Line[] => [
    [0, line, {}],
    [2, line, refuse('precondition')],
    [4, line, refuse('conflict')],
    [5, line, refuse('unreachable')],
    [2, `${line} --bogus`, {}],
  ]),
  ...['start', 'restart', '-a start'].flatMap((line): Line[] => [
    [1, line, { failing: 'zeoclient1.2' }],
    [3, `${line} --max-fail 1`, { failing: 'zeoclient1.2' }],
    [5, line, { loseLinkAfter: 3 }],
    [4, `${line} -r`, { holder }],
  ]),
  [2, 'stop', {}],
  [2, 'purge', {}],
  [2, 'start nobody', {}],
  [0, 'start --dry-run', {}],
  [2, 'start --dry-run', refuse('precondition')],
  [0, 'repair --explain', decided('well')],
  [1, 'repair --explain', decided('critical')],
  [5, 'repair --explain', decided('unknown')],
  [1, 'check', { report: report(1) }],
  [5, 'check', { report: report(5) }],
  [0, 'check', { report: report(0) }],
  [1, 'status', { report: report(1) }],
  [5, 'status', { report: report(5) }],
  // Of Nagios: 2 is critical, 3 is unknown.
  [2, 'check --nagios', { report: report(1) }],
  [1, 'mem', { memory: memory(1) }],
  [5, 'mem', { memory: memory(5) }],
  [1, 'log', found(1)],
  [5, 'log', found(5)],
  [2, 'log -p [', {}],
  [0, 'log stats', found(0)],
  [5, 'log stats', found(5)],
  [2, 'log stats --since soon', {}],
  [0, 'perf', {}],
  [2, 'perf --tree', {}],
  [0, 'events', {}],
  [2, 'events --since soon', {}],
  [0, 'balancer status', {}],
  [5, 'balancer status', { balancers: { ...wellBalancers([]), exit: 5 } }],
  [2, 'balancer', {}],
  [0, 'balancer out zeoclient1.1', {}],
  [2, 'balancer out zeoclient1.1', refuse('precondition')],
  [4, 'balancer in zeoclient1.1', refuse('conflict')],
  [5, 'balancer in zeoclient1.1', refuse('unreachable')],
  [0, 'operations list', {}],
  [0, 'operations show op-1', {}],
  [2, 'operations show op-9', {}],
  [1, 'operations show op-1 --follow', { failing: 'zeoclient1.2' }],
  [5, 'operations show op-1 --follow', { loseLinkAfter: 2 }],
  [0, 'operations resume op-1', {}],
  [1, 'operations resume op-1', { failing: 'zeoclient1.2' }],
  [2, 'operations resume op-9', {}],
  [0, 'operations abort op-1', {}],
  [2, 'operations abort', {}],
  [0, 'lock', { holder }],
  [0, 'lock -r', {}],
  [4, 'lock -r', { holder }],
  [2, 'lock --force', {}],
  [0, 'mail status', { mails }],
  [1, 'mail status', { mails: { ...mails, givenUp: [lost] } }],
  [5, 'mail status', { mails: { ...mails, waiting: [lost] } }],
  [0, 'mail test', mailTest('accepted')],
  [1, 'mail test', mailTest('refused')],
  [5, 'mail test', mailTest('unreachable')],
  [2, 'mail test', {}],
  [0, 'config diff', {}],
  [2, 'config diff', diff(['min_active: not a number'])],
  [0, 'config check well.ini', {}],
  [2, 'config check wrong.ini', {}],
  [2, 'config check nowhere.ini', {}],
  [0, 'config show well.ini', {}],
  [2, 'config show wrong.ini', {}],
  [0, 'config show --raw well.ini', {}],
  [2, 'config show --raw unreadable.ini', {}],
  [0, 'config upgrade wrong.ini', {}],
  [2, 'config upgrade nowhere.ini', {}],
  [0, 'completion zsh', {}],
  [2, 'completion tcsh', {}],
  [0, 'complete -- sta', {}],
  [0, 'help', {}],
  [2, '', {}],
  [2, 'strat', {}],
];

describe.concurrent('the exit code', () => {
  it.each(LINES)('is %i of `ctl %s`, with %j', async (exit, line, script) => {
    await using seat = await built.seat();
    await seat.serve(createFakeControl(script));
    await writeFile(join(seat.folder, 'well.ini'), OFFLINE_INI);
    await writeFile(join(seat.folder, 'wrong.ini'), '[cluster]\nzeoclients = nobody\n');
    await writeFile(join(seat.folder, 'unreadable.ini'), '[a]\nx = %(nothing)s\n');
    const run = await ended(seat.type(...line.split(' ').filter((word) => word !== '')));
    expect(run).toMatchObject({ exit });
    // Whatever failed before there was a result is followed by what to do.
    if (run.err.startsWith('ctl: ')) expect(run.err).toMatch(/\n {2}(→|->) \S/);
  });

  const ASKING = ['check', 'status', 'mem', 'perf', 'events', 'log stats', 'balancer status', 'balancer out a', 'operations list'];
  const MORE = [
    'operations abort op-1',
    'lock',
    'lock -r',
    'mail status',
    'mail test',
    'config diff',
    'start --dry-run',
    'repair --explain',
    'purge',
  ];
  const STREAMING = [
    'log',
    'log -f',
    'start',
    'stop --yes',
    'repair',
    'rotate',
    'purge --yes',
    'operations resume op-1',
    'operations show op-1 --follow',
  ];
  it.each([...ASKING, ...MORE, ...STREAMING])('is 5 of `ctl %s` where no controller answers', async (line) => {
    await using seat = await built.seat();
    const port = await seat.serveNobody();
    const { exit, err } = await ended(seat.type(...line.split(' ')));
    expect({ exit, err }).toEqual({ exit: 5, err: expect.stringContaining(`ctl: no controller answers at 127.0.0.1:${port}\n`) as string });
  });

  it.each([...ASKING, ...MORE, 'log', 'log -f'])('is 130 of `ctl %s` after a Ctrl-C', async (line) => {
    await using seat = await built.seat();
    const control = createDeafControl();
    await seat.serve(control);
    const run = seat.type(...line.split(' '));
    await control.asked;
    run.child.kill('SIGINT');
    expect(await run.end).toBe(130);
  });

  it.each(['start', 'restart', '-a start', 'operations resume op-1'])(
    'is 130 of `ctl %s` after a Ctrl-C, when the client in hand is safe',
    async (line) => {
      await using seat = await built.seat();
      const control = createFakeControl({ stuckOn: 'zeoclient1.2' });
      await seat.serve(control);
      const run = seat.type(...line.split(' '));
      await control.stuck;
      run.child.kill('SIGINT');
      expect(await run.end).toBe(130);
      expect(control.calls).toContain('halt op-1 interrupted');
    },
  );

  it('is 0 of `ctl login` with a good token, and the controller knows who asks from then on; 2 with a bad one; 5 without a controller', async () => {
    await using controller = await startSecured();
    await using seat = await built.seat();
    const { token, fingerprint } = await controller.invite('--operator', 'alice');
    const line = ['--controller', formatAddress(controller.address), '--ca', fingerprint, '--token'];
    const wrong = `${token.startsWith('0') ? '1' : '0'}${token.slice(1)}`;
    expect(await ended(seat.type('login', ...line, wrong))).toMatchObject({ exit: 2 });
    expect(await ended(seat.type('login', ...line, token))).toMatchObject({ exit: 0, out: expect.stringContaining('alice') as string });
    await writeFile(join(seat.folder, 'cluster.ini'), `[controller]\naddress = ${formatAddress(controller.address)}\n`);
    expect(await ended(seat.type('restart', 'zeoclient1.1'))).toMatchObject({ exit: 0 });
    expect(controller.control.requests).toMatchObject([{ by: expect.stringMatching(/^alice@/) as string }]);
    const nobody = await seat.serveNobody('nobody.ini');
    expect(await ended(seat.type('login', '--controller', `127.0.0.1:${nobody}`, ...line.slice(2), token))).toMatchObject({ exit: 5 });
  });
});
