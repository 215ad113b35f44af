import { describe, expect, it } from 'vitest';
import { testClusters } from '../../support/real-cluster.js';

interface Line {
  readonly type: string;
  readonly service?: string;
  readonly step?: string;
  readonly state?: string;
}

const begunIn = (stream: string, step: string): (string | undefined)[] =>
  stream
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Line)
    .flatMap((line) => (line.type === 'step' && line.step === step && line.state === 'begin' ? [line.service] : []));

describe('a whole cluster', () => {
  const start = testClusters();

  it('is stopped from its clients to its ZEO server, and started the other way round', async () => {
    const cluster = await start({ clients: 2, pools: 1, zope: null, pound: null, startMs: 300, signal: AbortSignal.timeout(120_000) });
    await cluster.startControl();
    const { zeo, pound, clients } = cluster.plan;
    const names = clients.map(({ name }) => name);

    const unmeant = await cluster.ctl(['stop']);
    expect(unmeant).toMatchObject({ code: 2, stderr: expect.stringContaining('this would stop everything') as string });

    const stopped = await cluster.ctl(['-a', 'stop', '--json']);
    expect(stopped).toMatchObject({ code: 0, stderr: '' });
    expect(begunIn(stopped.stdout, 'out')).toEqual(names);
    // Those of one batch go at once: whoever has drained first is stopped first.
    const order = begunIn(stopped.stdout, 'stop');
    expect(new Set(order.slice(0, names.length))).toEqual(new Set(names));
    expect(order.slice(names.length)).toEqual([pound.name, zeo.name]);
    for (const { port } of [zeo, pound, ...clients]) {
      const error: unknown = await fetch(`http://127.0.0.1:${port}/`).catch((e: unknown) => e);
      expect(error).toMatchObject({ cause: { code: 'ECONNREFUSED' } });
    }

    const started = await cluster.ctl(['-a', 'start', '--json']);
    expect(started).toMatchObject({ code: 0, stderr: '' });
    expect(begunIn(started.stdout, 'start')).toEqual([zeo.name, pound.name, ...names]);
    expect(await cluster.ctl(['check'])).toMatchObject({ code: 0 });
  });
});
