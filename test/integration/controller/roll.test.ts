import { writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { replay } from '../../../controller/rolling/progress.js';
import { soon, startCluster, type TestCluster } from './cluster.js';
import { all, errorOf, idIn, notesIn, request, resultIn, stepsOf } from './reading.js';

const FULL = ['out', 'drain', 'stop', 'start', 'check', 'warm', 'in'];
const generations = (cluster: TestCluster) => [...cluster.hosts.zopes.values()].map((zope) => zope.generation());
function expectWhole(cluster: TestCluster): void {
  expect(cluster.hosts.violations).toEqual([]);
  expect(cluster.hosts.out).toEqual(new Set());
}

describe('a roll through the controller', () => {
  it('restarts every client, tells each step as it happens, and leaves the whole story in its journal', async () => {
    await using cluster = await startCluster();
    const { api } = await cluster.startController();
    const events = await all(api.run(request(), soon()));

    const result = resultIn(events);
    expect(result).toMatchObject({ action: 'start', outcome: 'completed', exit: 0, why: null });
    expect(result.services.map((service) => [service.name, service.result])).toEqual([
      ['c1', 'done'],
      ['c2', 'done'],
      ['c3', 'done'],
    ]);
    expect(generations(cluster)).toEqual([2, 2, 2]);
    expectWhole(cluster);
    for (const name of ['c1', 'c2', 'c3']) {
      expect(stepsOf(events, name)).toEqual(FULL);
      expect(stepsOf(events, name, 'end')).toEqual(FULL);
      expect(cluster.hosts.done.filter((deed) => deed.endsWith(name))).toEqual([
        `out ${name}`,
        `stop ${name}`,
        `start ${name}`,
        `in ${name}`,
      ]);
    }
    const id = idIn(events);
    expect(replay(await cluster.journal(id)).finished).toMatchObject({ outcome: 'completed' });
    expect(await all(api.events(id, { follow: false }, soon()))).toEqual(events);
    expect(await all(api.events(id, { follow: true }, soon()))).toEqual(events);
    expect(await api.operations(soon())).toMatchObject([
      { id, action: 'start', state: 'completed', by: 'alice@web1', done: ['c1', 'c2', 'c3'], failed: [], untouched: [] },
    ]);
  });

  it('can be followed by another one from its beginning while it runs, and goes on when its first follower leaves', async () => {
    await using cluster = await startCluster();
    const { api } = await cluster.startController();
    const reached = cluster.hosts.hold('start c1');
    const leaving = new AbortController();
    const first = errorOf(all(api.run(request(), leaving.signal)));
    await reached;
    const [running] = await api.operations(soon());
    expect(running).toMatchObject({ state: 'running', ended: null });
    leaving.abort();
    expect(await first).toMatchObject({ code: 'cancelled' });
    const second = all(api.events(running?.id ?? '', { follow: true }, soon()));
    cluster.hosts.release();
    expect(resultIn(await second)).toMatchObject({ outcome: 'completed' });
    expect(idIn(await second)).toBe(running?.id);
    expectWhole(cluster);
  });

  it('is shown beforehand, step by step, and touches nothing then', async () => {
    await using cluster = await startCluster();
    const { api } = await cluster.startController();
    const plan = await api.plan(request({ selectors: ['c2'] }), soon());
    expect(plan.steps.map(({ service, step }) => `${step} ${service}`)).toEqual(FULL.map((step) => `${step} c2`));
    expect(plan.interrupts).toEqual(['c2']);
    expect(cluster.hosts.done).toEqual([]);
    expect(await api.operations(soon())).toEqual([]);
  });

  it('halts with the last log entry of the client that does not come back, which stays out; resumed, it tries that one again', async () => {
    await using cluster = await startCluster();
    const { api } = await cluster.startController();
    cluster.zope('c2').starts = 'and exits';
    const halted = await all(api.run(request(), soon()));
    expect(resultIn(halted)).toMatchObject({ outcome: 'halted', exit: 1, why: 'c2: ended while it started: exit code 1' });
    expect(resultIn(halted).services).toMatchObject([
      { name: 'c1', result: 'done', why: null, lastLogEntry: null },
      { name: 'c2', result: 'failed', why: 'ended while it started: exit code 1', lastLogEntry: 'the last entry of c2' },
      { name: 'c3', result: 'untouched' },
    ]);
    expect(cluster.hosts.out).toEqual(new Set(['c2']));
    expect(generations(cluster)).toEqual([2, 1, 1]);

    cluster.zope('c2').starts = 'well';
    const resumed = await all(api.resume(idIn(halted), 'bob@desk', soon()));
    expect(resumed.filter((event) => event.type === 'started')).toHaveLength(1);
    expect(resumed.filter((event) => event.type === 'result')).toHaveLength(1);
    expect(notesIn(resumed)).toContain('resumed by bob@desk');
    expect(resultIn(resumed)).toMatchObject({ outcome: 'completed', exit: 0 });
    expect(generations(cluster)).toEqual([2, 2, 2]);
    expectWhole(cluster);
  });

  it('takes a dead client out that it was not asked to start', async () => {
    await using cluster = await startCluster();
    const { api } = await cluster.startController();
    await cluster.zope('c3').stop();
    const events = await all(api.run(request({ selectors: ['c1'] }), soon()));
    expect(resultIn(events)).toMatchObject({ outcome: 'completed' });
    expect(notesIn(events)).toContain('is dead: taken out of the balancer');
    expect(cluster.hosts.done).toEqual(['out c3', 'out c1', 'stop c1', 'start c1', 'in c1']);
  });
});

describe('a roll that may not begin', () => {
  it('because an agent is away is refused within five seconds, with the host; nothing is touched', async () => {
    await using cluster = await startCluster({ away: ['web2'] });
    const { api } = await cluster.startController();
    expect(await errorOf(all(api.run(request(), AbortSignal.timeout(5_000))))).toEqual({
      code: 'unreachable',
      message: 'agent web2 is not connected (never seen)',
      hint: 'nothing was touched. is ctl-agent running on web2? Its log says why it is not connected',
    });
    expect(cluster.hosts.done).toEqual([]);
    expect(await api.operations(soon())).toEqual([]);
    // The lock was given back: what does not need web2 can be done.
    expect(resultIn(await all(api.run(request({ selectors: ['c1'] }), soon())))).toMatchObject({ outcome: 'completed' });
  });

  it('because a name is unknown says which ones are near', async () => {
    await using cluster = await startCluster();
    const { api } = await cluster.startController();
    expect(await errorOf(all(api.run(request({ selectors: ['c1', 'c22'] }), soon())))).toMatchObject({
      code: 'usage',
      message: 'no service matches "c22"',
      hint: expect.stringContaining('"c2"') as string,
    });
    expect(cluster.hosts.done).toEqual([]);
  });

  it('because too few would serve says who is missing', async () => {
    await using cluster = await startCluster();
    const { api } = await cluster.startController();
    await cluster.zope('c2').stop();
    await cluster.zope('c3').stop();
    const told = /^only 1 of 3 clients serve, taking one out would leave 0, and min_active is 1; not serving: c2 .*, c3 .*$/;
    expect(await errorOf(all(api.run(request({ selectors: ['c1'] }), soon())))).toMatchObject({
      code: 'precondition',
      message: expect.stringMatching(told) as string,
    });
    expect(cluster.hosts.done).toEqual([]);
  });

  it('because another one runs names that one, and begins as soon as that has its result', async () => {
    await using cluster = await startCluster();
    const { api } = await cluster.startController();
    const reached = cluster.hosts.hold('stop c1');
    const first = all(api.run(request(), soon()));
    await reached;
    const [running] = await api.operations(soon());
    const id = running?.id ?? '';
    const conflict = { code: 'conflict', message: `operation ${id} is running`, hint: `ctl operations show ${id} --follow` };
    expect(await errorOf(all(api.run(request(), soon())))).toEqual(conflict);
    expect(await errorOf(all(api.resume(id, 'bob@desk', soon())))).toEqual(conflict);
    cluster.hosts.release();
    for await (const event of api.events(id, { follow: true }, soon())) if (event.type === 'result') break;
    expect(resultIn(await all(api.run(request({ selectors: ['c3'] }), soon())))).toMatchObject({ outcome: 'completed' });
    expect(resultIn(await first)).toMatchObject({ outcome: 'completed' });
    expectWhole(cluster);
  });

  it('because another program holds the lock says whose it is', async () => {
    await using cluster = await startCluster();
    const { api } = await cluster.startController();
    const owner = { what: 'operation 20250101-000000-0001', by: 'bob@web9', host: 'web9', pid: 7, process: '7@1', since: '2025-01-01' };
    await writeFile(cluster.config.lockFile, JSON.stringify(owner));
    expect(await errorOf(all(api.run(request(), soon())))).toEqual({
      code: 'conflict',
      message: 'operation 20250101-000000-0001 by bob@web9 holds the lock since 2025-01-01 (process 7 on web9)',
      hint: `the lock is ${cluster.config.lockFile}; ctl operations list shows what runs`,
    });
    expect(cluster.hosts.done).toEqual([]);
  });
});

describe('a roll that its operator stops', () => {
  it('finishes the client in hand, and is in the way of the next one until it is resumed', async () => {
    await using cluster = await startCluster();
    const { api } = await cluster.startController();
    const reached = cluster.hosts.hold('start c2');
    const run = all(api.run(request(), soon()));
    await reached;
    const [running] = await api.operations(soon());
    const id = running?.id ?? '';
    await api.halt(id, 'interrupted', 'bob@desk', soon());
    cluster.hosts.release();
    const events = await run;
    expect(resultIn(events)).toMatchObject({ outcome: 'interrupted', exit: 130 });
    expect(resultIn(events).services.map(({ result }) => result)).toEqual(['done', 'done', 'untouched']);
    expect(notesIn(events)).toContain('asked to stop by bob@desk');
    expect(generations(cluster)).toEqual([2, 2, 1]);
    expectWhole(cluster);

    expect(await errorOf(all(api.run(request({ selectors: ['c3'] }), soon())))).toEqual({
      code: 'conflict',
      message: `operation ${id} was interrupted and is not finished`,
      hint: `ctl operations resume ${id}, or ctl operations abort ${id}`,
    });
    const precondition = (message: string) => ({ code: 'precondition', message, hint: undefined });
    expect(await errorOf(api.halt(id, 'interrupted', 'bob@desk', soon()))).toEqual(
      precondition(`operation ${id} does not run: it is interrupted`),
    );

    expect(resultIn(await all(api.resume(id, 'bob@desk', soon())))).toMatchObject({ outcome: 'completed', exit: 0 });
    expect(generations(cluster)).toEqual([2, 2, 2]);
    expect(await errorOf(all(api.resume(id, 'bob@desk', soon())))).toEqual(
      precondition(`operation ${id} is completed: there is nothing to resume`),
    );
    expect(await errorOf(api.halt(id, 'aborted', 'bob@desk', soon()))).toEqual(
      precondition(`operation ${id} is completed: there is nothing to abort`),
    );
    expect(resultIn(await all(api.run(request({ selectors: ['c1'] }), soon())))).toMatchObject({ outcome: 'completed' });
  });

  it('puts the client in hand back if it was not stopped yet, and once aborted is not in the way', async () => {
    await using cluster = await startCluster();
    const { api } = await cluster.startController();
    const reached = cluster.hosts.hold('out c2');
    const run = all(api.run(request(), soon()));
    await reached;
    const [running] = await api.operations(soon());
    const id = running?.id ?? '';
    await api.halt(id, 'interrupted', 'bob@desk', soon());
    cluster.hosts.release();
    expect(resultIn(await run).services.map(({ result }) => result)).toEqual(['done', 'untouched', 'untouched']);
    expectWhole(cluster);

    await api.halt(id, 'aborted', 'bob@desk', soon());
    expect(await api.operations(soon())).toMatchObject([{ id, state: 'aborted', done: ['c1'], untouched: ['c2', 'c3'] }]);
    expect(await errorOf(all(api.resume(id, 'bob@desk', soon())))).toMatchObject({
      code: 'precondition',
      message: `operation ${id} is aborted: there is nothing to resume`,
    });
    expect(resultIn(await all(api.run(request(), soon())))).toMatchObject({ outcome: 'completed' });
  });

  it('after it has halted can be aborted; its story has one end', async () => {
    await using cluster = await startCluster();
    const { api } = await cluster.startController();
    cluster.zope('c1').starts = 'and exits';
    const id = idIn(await all(api.run(request(), soon())));
    await api.halt(id, 'aborted', 'bob@desk', soon());
    const events = await all(api.events(id, { follow: false }, soon()));
    expect(events.filter((event) => event.type === 'result')).toHaveLength(1);
    expect(resultIn(events)).toMatchObject({
      outcome: 'aborted',
      services: [{ result: 'failed', lastLogEntry: 'the last entry of c1' }, {}, {}],
    });
    expect(await errorOf(api.halt('20200101-000000-0000', 'aborted', 'bob@desk', soon()))).toMatchObject({
      code: 'not-found',
      message: 'there is no operation 20200101-000000-0000',
    });
  });
});
