import { describe, expect, it, vi } from 'vitest';
import { soon, startAgent, startHub } from '../../contract/agent-api/linked.js';
import { startWireCutter } from './wire-cutter.js';

/** No heartbeat is missed by then: what notices is the connection itself. */
const NEVER_MS = 3_600_000;
const eventually = (check: () => void) => vi.waitFor(check, { timeout: 30_000, interval: 50 });

describe('a connection on which nothing passes any more, and nobody is told', () => {
  it.concurrent('is noticed by the agent, which dials again', async () => {
    await using hub = await startHub('127.0.0.1:0', NEVER_MS);
    await using wire = await startWireCutter(hub.address);
    await using fake = startAgent(wire.address);
    await fake.link.whenConnected(soon());
    wire.freeze();
    await eventually(() => expect(fake.logged.lines).toContainEqual(expect.objectContaining({ msg: 'no link to the controller' })));
    await fake.link.whenConnected(soon());
    await eventually(() => expect(hub.links.hosts()).toMatchObject([{ host: 'web1', connected: true }]));
    expect(await hub.links.agent('web1').ping({ signal: soon(), timeoutMs: 20_000 })).toMatchObject({ name: 'web1' });
  });

  it.concurrent('is noticed by the controller, whose calls end', async () => {
    await using hub = await startHub('127.0.0.1:0', NEVER_MS);
    await using wire = await startWireCutter(hub.address);
    const fake = startAgent(wire.address);
    await fake.link.whenConnected(soon());
    const held = fake.agent.hold('log');
    const call = hub.links.agent('web1').log('zeoclient1.1', { signal: new AbortController().signal, timeoutMs: NEVER_MS });
    const lost = call.catch((error: unknown) => error);
    await held;
    wire.freeze();
    // It does not come back, and its farewell goes nowhere.
    await fake[Symbol.asyncDispose]();
    expect(await lost).toMatchObject({ code: 'unreachable' });
    expect(hub.links.hosts()).toMatchObject([{ host: 'web1', connected: false }]);
  });
});

describe('two hundred agents', () => {
  it('all come back after a restart of the controller', async () => {
    const first = await startHub();
    await using wire = await startWireCutter(first.address);
    const names = Array.from({ length: 200 }, (_, n) => `host${n}`);
    const fakes = names.map((name) => startAgent(wire.address, { name }));
    try {
      await Promise.all(fakes.map(({ link }) => link.whenConnected(soon())));
      await first[Symbol.asyncDispose]();
      await using second = await startHub();
      wire.leadTo(second.address);
      await eventually(() =>
        expect(second.links.hosts().filter(({ host, connected }) => names.includes(host) && connected)).toHaveLength(200),
      );
    } finally {
      await Promise.all(fakes.map((fake) => fake[Symbol.asyncDispose]()));
    }
  });
});
