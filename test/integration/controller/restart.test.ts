import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import type { OperationEvent } from '../../../shared/model/operation.js';
import { soon, startCluster } from './cluster.js';
import { all, errorOf, idIn, notesIn, request, resultIn, stepsOf } from './reading.js';

const FULL = ['out', 'drain', 'stop', 'start', 'check', 'warm', 'in'];
const STEPS = ['out', 'stop', 'start', 'in'];

describe('a controller that ends in the middle of a roll', () => {
  it.each(STEPS)('at "%s" tells its followers, and the next one takes the roll up again and finishes it', async (step) => {
    await using cluster = await startCluster();
    const first = await cluster.startController();
    const reached = cluster.hosts.hold(`${step} c2`);
    const seen: OperationEvent[] = [];
    const read = async () => {
      for await (const event of first.api.run(request(), soon())) seen.push(event);
    };
    const followed = errorOf(read());
    await reached;
    await first.stop();
    expect(await followed).toMatchObject({ code: 'unreachable', message: 'the controller is stopping' });
    const id = idIn(seen);
    cluster.hosts.release();

    const second = await cluster.startController();
    const events = await all(second.api.events(id, { follow: true }, soon()));
    expect(resultIn(events)).toMatchObject({ operation: id, outcome: 'completed', exit: 0 });
    expect(notesIn(events)).toContain('the controller was away and takes the operation up again');
    expect(events.slice(0, seen.length)).toEqual(seen);
    for (const [name, zope] of cluster.hosts.zopes) {
      // One that is still in goes back, and has its turn again; one that was found well is looked at once more.
      expect([...new Set(stepsOf(events, name))].filter((one) => one !== 'back')).toEqual(FULL);
      expect(zope.generation()).toBe(2);
    }
    expect(cluster.hosts.violations).toEqual([]);
    expect(cluster.hosts.out).toEqual(new Set());
    expect(resultIn(await all(second.api.run(request({ selectors: ['c1'] }), soon())))).toMatchObject({ outcome: 'completed' });
  });

  it('before the roll has begun leaves nothing behind that the next one would take up', async () => {
    await using cluster = await startCluster();
    const first = await cluster.startController();
    const reached = cluster.hosts.hold('balancer');
    const refused = errorOf(all(first.api.run(request(), soon())));
    await reached;
    await first.stop();
    expect(await refused).toMatchObject({ code: 'unreachable', message: 'the controller is stopping' });
    cluster.hosts.release();
    const second = await cluster.startController();
    expect(await second.api.operations(soon())).toEqual([]);
    expect(resultIn(await all(second.api.run(request({ selectors: ['c1'] }), soon())))).toMatchObject({ outcome: 'completed' });
  });

  it('leaves one that was interrupted alone', async () => {
    await using cluster = await startCluster();
    const first = await cluster.startController();
    const reached = cluster.hosts.hold('out c1');
    const run = all(first.api.run(request(), soon()));
    await reached;
    const [running] = await first.api.operations(soon());
    await first.api.halt(running?.id ?? '', 'interrupted', 'bob@desk', soon());
    cluster.hosts.release();
    expect(resultIn(await run)).toMatchObject({ outcome: 'interrupted' });
    await first.stop();
    const second = await cluster.startController();
    expect(await second.api.operations(soon())).toMatchObject([{ id: running?.id, state: 'interrupted' }]);
    expect(cluster.hosts.done).toEqual(['out c1', 'in c1']);
  });
});

describe('the state_dir', () => {
  it('belongs to one controller', async () => {
    await using cluster = await startCluster();
    const first = await cluster.startController();
    const told = /^ctl-controller by .*cluster\.ini holds the lock since .* \(process \d+ on .*\)$/;
    expect(await errorOf(cluster.startController())).toMatchObject({ code: 'conflict', message: expect.stringMatching(told) as string });
    await first.stop();
    await (await cluster.startController()).stop();
  });

  it('with a damaged journal keeps the controller from starting, and says which line of which file it is', async () => {
    await using cluster = await startCluster();
    const first = await cluster.startController();
    const id = idIn(await all(first.api.run(request({ selectors: ['c1'] }), soon())));
    await first.stop();
    const file = cluster.journalFile(id);
    const good = await readFile(file, 'utf8');
    await writeFile(file, good.replace('"type":"attached"', '"type":"atta'));
    expect(await errorOf(cluster.startController())).toEqual({
      code: 'failed',
      message: `${file}:2: the journal of an operation is damaged`,
      hint: 'look at the balancer with your own eyes, then move this file away to go on without it',
    });
    // A torn last line is no damage: it was never acted upon.
    await writeFile(file, good);
    await appendFile(file, '{"type":"no');
    const second = await cluster.startController();
    expect(await second.api.operations(soon())).toMatchObject([{ id, state: 'completed' }]);
  });

  it('with a journal that was never begun is as good as without it', async () => {
    await using cluster = await startCluster();
    await (await cluster.startController()).stop();
    await writeFile(cluster.journalFile('20260101-000000-0001'), '');
    const { api } = await cluster.startController();
    expect(await api.operations(soon())).toEqual([]);
    expect(resultIn(await all(api.run(request({ selectors: ['c1'] }), soon())))).toMatchObject({ outcome: 'completed' });
  });
});
