import { describe, expect, it } from 'vitest';
import { checkTcp } from '../../../../controller/checks/tcp.js';
import { fromHere } from '../../../../controller/checks/vantage.js';
import { AppError } from '../../../../shared/errors.js';
import { deafListener } from '../../shared/ports/deaf-listener.js';
import { fakeClock, never } from './fixtures.js';
import { closedPort, serve } from './servers.js';

const here = fromHere(fakeClock());
const options = (over: object = {}) => ({ clock: fakeClock(), attempts: 3, pauseMs: 1000, timeoutMs: 5000, signal: never, ...over });

describe('checkTcp', () => {
  it('is well at the first accepted connection', async () => {
    await using server = await serve(() => undefined);
    const clock = fakeClock();
    expect(await checkTcp(here, server, options({ clock }))).toMatchObject({ ok: true });
    expect(clock.slept).toEqual([]);
  });

  it('tries a refused connection three times with the pause between them', async () => {
    const clock = fakeClock();
    const port = await closedPort();
    expect(await checkTcp(here, { ip: '127.0.0.1', port }, options({ clock }))).toEqual({
      ok: false,
      fault: 'no-connection',
      why: `connecting to 127.0.0.1:${port}: connection refused`,
    });
    expect(clock.slept).toEqual([1000, 1000]);
  });

  it('is well when a service comes up between two tries', async () => {
    const port = await closedPort();
    const clock = fakeClock();
    const late: AsyncDisposable[] = [];
    const sleep = async () => {
      late.push(await serve(() => undefined, '127.0.0.1', port));
    };
    expect(await checkTcp(here, { ip: '127.0.0.1', port }, options({ clock: { ...clock, sleep } }))).toMatchObject({ ok: true });
    for (const server of late) await server[Symbol.asyncDispose]();
  });

  it('tells silence from a refusal, and tries that again as well', async () => {
    await using deaf = await deafListener();
    const clock = fakeClock();
    expect(await checkTcp(here, deaf, options({ clock, attempts: 2, timeoutMs: 150 }))).toEqual({
      ok: false,
      fault: 'silent',
      why: `no connection to 127.0.0.1:${deaf.port} within 150 ms`,
    });
    expect(clock.slept).toEqual([1000]);
  });

  it('says that nothing is known, and does not try again, when there is no route from here', async () => {
    const clock = fakeClock();
    expect(await checkTcp(here, { ip: '127.255.255.255', port: 9 }, options({ clock }))).toEqual({
      ok: false,
      fault: 'unmeasurable',
      why: 'connecting to 127.255.255.255:9: no route',
    });
    expect(clock.slept).toEqual([]);
  });

  it('rejects with the reason of its signal, in a pause as well', async () => {
    const reason = new AppError('cancelled', 'enough');
    const abort = new AbortController();
    const target = { ip: '127.0.0.1', port: await closedPort() };
    await expect(checkTcp(here, target, options({ signal: AbortSignal.abort(reason) }))).rejects.toBe(reason);
    const clock = { ...fakeClock(), sleep: async () => abort.abort(reason) };
    await expect(checkTcp(here, target, options({ clock, signal: abort.signal }))).rejects.toBe(reason);
  });
});
