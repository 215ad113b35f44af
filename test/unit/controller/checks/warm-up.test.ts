import { describe, expect, it } from 'vitest';
import { warmUp } from '../../../../controller/checks/warm-up.js';
import { fromHere } from '../../../../controller/checks/vantage.js';
import { AppError } from '../../../../shared/errors.js';
import { connectConfig, fakeClock, never } from './fixtures.js';
import { answering, page, serve } from './servers.js';

const here = fromHere(fakeClock());
const options = { concurrency: 4, timeoutMs: 5000, signal: never };

describe('warmUp', () => {
  it('fetches every url under the virtual host, and tells which failed', async () => {
    await using server = await serve((socket) =>
      socket.once('data', (chunk) => {
        socket.end(chunk.includes('/broken ') ? page('', '500 Internal Server Error') : page('ok'));
      }),
    );
    const results = await warmUp(here, server, connectConfig(), { ...options, urls: ['/', '/broken', 'news'] });
    expect(results).toMatchObject([
      { url: '/', result: { ok: true } },
      { url: '/broken', result: { ok: false, status: 500 } },
      { url: 'news', result: { ok: true } },
    ]);
    expect(server.received()).toContain('/plone/VirtualHostRoot/news HTTP/1.1');
  });

  it.each([
    [1, 1],
    [3, 3],
    [50, 8],
  ])('has never more than %d requests open at the same time', async (concurrency, expected) => {
    let open = 0;
    let most = 0;
    const waiting: (() => void)[] = [];
    await using server = await serve((socket) =>
      socket.once('data', () => {
        most = Math.max(most, ++open);
        waiting.push(() => {
          open--;
          socket.end(page('ok'));
        });
        // Everybody who may come is here: let one go on.
        if (open === Math.min(expected, 8 - served)) release();
      }),
    );
    let served = 0;
    const release = () => {
      for (const answer of waiting.splice(0)) {
        served++;
        answer();
      }
    };
    const urls = Array.from({ length: 8 }, (_, i) => `/${i}`);
    expect(await warmUp(here, server, connectConfig(), { ...options, concurrency, urls })).toHaveLength(8);
    expect(most).toBe(expected);
  });

  it('does nothing where there is nothing to fetch', async () => {
    expect(await warmUp(here, { ip: '127.0.0.1', port: 1 }, connectConfig(), { ...options, urls: [] })).toEqual([]);
  });

  it('goes on after a page that does not come in time', async () => {
    await using server = await serve((socket) => socket.once('data', (chunk) => chunk.includes('/slow ') || socket.end(page('ok'))));
    const results = await warmUp(here, server, connectConfig(), { ...options, concurrency: 1, timeoutMs: 1500, urls: ['/slow', '/'] });
    expect(results).toMatchObject([{ result: { ok: false, fault: 'late' } }, { result: { ok: true } }]);
  });

  it('rejects with the reason of its signal', async () => {
    const reason = new AppError('cancelled', 'enough');
    await using server = await serve(answering(page('ok')));
    await expect(warmUp(here, server, connectConfig(), { ...options, signal: AbortSignal.abort(reason), urls: ['/'] })).rejects.toBe(
      reason,
    );
    expect(server.connections()).toBe(0);
  });
});
