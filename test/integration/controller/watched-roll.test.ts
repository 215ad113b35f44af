import { describe, expect, it } from 'vitest';
import type { OperationEvent } from '../../../shared/model/operation.js';
import { soon, startCluster, type TestCluster } from './cluster.js';
import { all, idIn, notesIn, request, resultIn } from './reading.js';

const generations = (cluster: TestCluster) => [...cluster.hosts.zopes.values()].map((zope) => zope.generation());

describe('a roll with canaries', () => {
  it('holds the other clients until somebody resumes it, who is on record and follows it to its end', async () => {
    await using cluster = await startCluster();
    const { api } = await cluster.startController();
    const seen: OperationEvent[] = [];
    let resumed: Promise<OperationEvent[]> | null = null;
    for await (const event of api.run(request({ canary: 1 }), soon())) {
      seen.push(event);
      if (event.type !== 'note' || !event.message.startsWith('waiting: the canaries are done (c1)')) continue;
      expect(generations(cluster)).toEqual([2, 1, 1]);
      resumed = all(api.resume(idIn(seen), 'bob@desk', soon()));
    }
    expect(resultIn(seen)).toMatchObject({ outcome: 'completed', exit: 0 });
    expect(notesIn(seen)).toContain('goes on behind the canaries, asked by bob@desk');
    expect(resultIn((await resumed) ?? [])).toEqual(resultIn(seen));
    expect(generations(cluster)).toEqual([2, 2, 2]);
    expect(cluster.hosts.violations).toEqual([]);
  });
});

describe('a repair through the controller', () => {
  it('starts a dead client, and touches no other', async () => {
    await using cluster = await startCluster();
    const { api } = await cluster.startController();
    await cluster.zope('c2').stop();
    const repair = request({ action: 'repair' });
    const { decisions = [] } = await api.plan(repair, soon());
    expect(decisions.flatMap(({ service, action }) => (action === 'none' ? [] : [`${action} ${service}`]))).toEqual(['start c2']);
    const events = await all(api.run(repair, soon()));
    expect(resultIn(events).services.filter(({ result }) => result !== 'skipped')).toMatchObject([{ name: 'c2', result: 'done' }]);
    expect(generations(cluster)).toEqual([1, 2, 1]);
    expect(cluster.hosts.violations).toEqual([]);
  });
});
