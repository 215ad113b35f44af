import { connect } from 'node:net';
import { describe, expect, it, vi } from 'vitest';
import { AppError } from '../../../shared/errors.js';
import type { CallOptions } from '../../../shared/model/agent-api.js';
import { processId } from '../../../shared/model/process.js';
import { parseAddress } from '../../../shared/rpc/address.js';
import { createFakeAgent, type Ledger } from '../../contract/agent-api/fake-agent.js';
import { soon, startAgent, startHub } from '../../contract/agent-api/linked.js';
import { startWireCutter } from './wire-cutter.js';

const options = (): CallOptions => ({ signal: soon(), timeoutMs: 20_000 });
const eventually = <T>(check: () => T | Promise<T>) => vi.waitFor(check, { timeout: 20_000, interval: 10 });
const effect = (commandId: string) => ({ ...options(), commandId });

describe('the link between agent and controller', () => {
  it('says which agent is away, since when, and where to look', async () => {
    await using hub = await startHub();
    const error = await hub.links
      .agent('web1')
      .ping(options())
      .catch((e: unknown) => e);
    expect(error).toMatchObject({
      code: 'unreachable',
      message: 'agent web1 is not connected (never seen)',
      hint: 'is ctl-agent running on web1? Its log says why it is not connected',
    });
    expect(hub.links.hosts()).toEqual([{ host: 'web1', connected: false, lastSeen: null, version: null, skewMs: null }]);
    {
      await using agent = startAgent(hub.address);
      await agent.link.whenConnected(soon());
      expect(hub.links.hosts()).toMatchObject([{ host: 'web1', connected: true, version: '1.2.3' }]);
    }
    await eventually(() => expect(hub.links.hosts()).toMatchObject([{ connected: false, version: '1.2.3' }]));
    await expect(hub.links.agent('web1').ping(options())).rejects.toMatchObject({
      message: 'agent web1 is not connected (last seen 0 s ago)',
    });
  });

  it('comes back after a restart of the controller, with its services assigned before the first command', async () => {
    const first = await startHub();
    await using wire = await startWireCutter(first.address);
    await using fake = startAgent(wire.address);
    await fake.link.whenConnected(soon());
    await first[Symbol.asyncDispose]();
    expect(fake.link.connected).toBe(false);
    fake.agent.services = [];

    await using second = await startHub();
    wire.leadTo(second.address);
    const state = await eventually(() => second.links.agent('web1').process('zeoclient1.1', options()));
    expect(state).toMatchObject({ state: 'running' });
  });

  it('tells a connected agent at once when its services change', async () => {
    await using hub = await startHub();
    await using fake = startAgent(hub.address);
    await fake.link.whenConnected(soon());
    hub.links.assign('web1', []);
    await expect(hub.links.agent('web1').process('zeoclient1.1', options())).rejects.toMatchObject({ code: 'not-found' });
  });

  it('never does a command twice over a restart of the agent, because the ledger is on its disk', async () => {
    await using hub = await startHub();
    const ledger: Ledger = new Map();
    const before = startAgent(hub.address, { agent: createFakeAgent(ledger) });
    await before.link.whenConnected(soon());
    const stop = () => hub.links.agent('web1').stop('zeoclient1.1', { replacing: processId(42, 777), deadlineMs: 1000 }, effect('stop-1'));
    const result = await stop();
    await before[Symbol.asyncDispose]();

    await using after = startAgent(hub.address, { agent: createFakeAgent(ledger) });
    await after.link.whenConnected(soon());
    expect(await stop()).toEqual(result);
    expect(before.agent.performed).toEqual(['stop zeoclient1.1 42@777 1000']);
    expect(after.agent.performed).toEqual([]);
  });

  it('rejects the calls in flight when it breaks; what only reads is cancelled, what changes something goes on', async () => {
    await using hub = await startHub();
    await using wire = await startWireCutter(hub.address);
    await using fake = startAgent(wire.address);
    await fake.link.whenConnected(soon());
    const api = hub.links.agent('web1');
    const reading = fake.agent.hold('log');
    const changing = fake.agent.hold('start');
    const lost = Promise.allSettled([api.log('zeoclient1.1', options()), api.start('zeoclient1.1', effect('start-1'))]);
    const atAgent = await Promise.all([reading, changing]);
    wire.cut();

    expect(await lost).toMatchObject([
      {
        reason: {
          code: 'unreachable',
          message: expect.stringMatching(/^the link to the agent web1 was lost during log of zeoclient1.1: /) as string,
        },
      },
      {
        reason: {
          code: 'unreachable',
          message: expect.stringMatching(/^the link to the agent web1 was lost during start of zeoclient1.1: /) as string,
        },
      },
    ]);
    await eventually(() => expect(atAgent.map((signal) => signal.aborted)).toEqual([true, false]));
    fake.agent.release();
    const repeated = await eventually(() => api.start('zeoclient1.1', effect('start-1')));
    expect(repeated).toMatchObject({ state: 'starting' });
    expect(fake.agent.performed).toEqual(['start zeoclient1.1']);
  });

  it('takes an agent that is not heard of for gone, and lets it back in', async () => {
    await using hub = await startHub('127.0.0.1:0', 50);
    await using wire = await startWireCutter(hub.address);
    await using fake = startAgent(wire.address);
    await fake.link.whenConnected(soon());
    const held = fake.agent.hold('log');
    const call = hub.links.agent('web1').log('zeoclient1.1', options());
    call.catch(() => undefined);
    await held;
    wire.freeze();
    await expect(call).rejects.toMatchObject({ code: 'unreachable', message: expect.stringContaining('no heartbeat for') as string });
    expect(hub.links.hosts()).toMatchObject([{ host: 'web1', connected: false }]);
    wire.cut();
    await eventually(() => expect(hub.links.hosts()).toMatchObject([{ connected: true }]));
  });

  it('lets an agent that dials again take the place of its own half-open session at once', async () => {
    await using hub = await startHub('127.0.0.1:0', 3_600_000);
    await using wire = await startWireCutter(hub.address);
    await using fake = startAgent(wire.address);
    await fake.link.whenConnected(soon());
    const held = fake.agent.hold('log');
    const call = hub.links.agent('web1').log('zeoclient1.1', options());
    call.catch(() => undefined);
    await held;
    wire.orphan();
    await expect(call).rejects.toMatchObject({
      code: 'unreachable',
      message: expect.stringContaining('the agent has dialled again') as string,
    });
    fake.agent.release();
    expect(await hub.links.agent('web1').ping(options())).toMatchObject({ name: 'web1' });
  });

  it('refuses a second agent of the same name while the first is there, and lets it in when it has left', async () => {
    await using hub = await startHub();
    const first = startAgent(hub.address);
    await first.link.whenConnected(soon());
    await using second = startAgent(hub.address);
    await eventually(() =>
      expect(second.logged.lines).toContainEqual(
        expect.objectContaining({
          msg: 'the controller refuses this agent',
          error: expect.objectContaining({ message: 'another agent is connected as web1' }) as unknown,
        }),
      ),
    );
    expect(second.link.connected).toBe(false);
    await first[Symbol.asyncDispose]();
    await second.link.whenConnected(soon());
    await hub.links.agent('web1').start('zeoclient1.1', effect('a'));
    expect(second.agent.performed).toEqual(['start zeoclient1.1']);
  });

  it('refuses an answer that is too large, saying so, and nothing else suffers', async () => {
    await using hub = await startHub();
    await using fake = startAgent(hub.address);
    await fake.link.whenConnected(soon());
    const api = hub.links.agent('web1');
    const held = fake.agent.hold('observe');
    const other = api.observe('zeoclient1.1', { log: false }, options());
    other.catch(() => undefined);
    await held;
    fake.agent.answers.log = async () => ({
      ok: true,
      since: null,
      findings: 0,
      entries: [],
      last: { time: null, level: null, text: 'x'.repeat(10_000_000) },
    });
    await expect(api.log('zeoclient1.1', options())).rejects.toMatchObject({
      code: 'failed',
      message: expect.stringMatching(/^the answer to log of zeoclient1.1 could not be sent: .*size larger than 4194304$/) as string,
    });
    fake.agent.release();
    expect(await other).toMatchObject({ memory: { ok: true } });
  });

  it('refuses a command that is too large, saying so, and nothing else suffers', async () => {
    await using hub = await startHub();
    await using fake = startAgent(hub.address);
    await fake.link.whenConnected(soon());
    await expect(hub.links.agent('web1').process('x'.repeat(10_000_000), options())).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringMatching(/the message is too large \(100000\d\d bytes, at most 4194304\)$/) as string,
    });
    expect(await hub.links.agent('web1').ping(options())).toMatchObject({ name: 'web1' });
  });

  it('hides a defect of the agent from the caller, and has it in the log', async () => {
    await using hub = await startHub();
    await using fake = startAgent(hub.address);
    await fake.link.whenConnected(soon());
    fake.agent.answers.ping = () => Promise.reject(new TypeError('x is not a function'));
    await expect(hub.links.agent('web1').ping(options())).rejects.toEqual(
      new AppError('internal', 'internal error of the agent web1 during ping', { hint: 'the log of ctl-agent on web1 has the details' }),
    );
    expect(fake.logged.lines).toContainEqual(
      expect.objectContaining({
        level: 'error',
        msg: 'ping failed',
        error: expect.objectContaining({ message: 'x is not a function' }) as unknown,
      }),
    );
  });

  it('survives garbage on its port', async () => {
    await using hub = await startHub();
    const port = portOf(hub.address);
    for (const garbage of [
      'GET / HTTP/1.1\r\nHost: x\r\n\r\n',
      '\0\xff'.repeat(5000),
      'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n' + '\xff'.repeat(200),
    ]) {
      await new Promise<void>((resolve) => {
        const socket = connect(port, '127.0.0.1', () => socket.write(Buffer.from(garbage, 'latin1')));
        socket.on('error', () => undefined);
        socket.on('data', () => undefined);
        socket.on('close', () => resolve());
        socket.setTimeout(300, () => socket.destroy());
      });
    }
    await using fake = startAgent(hub.address);
    await fake.link.whenConnected(soon());
    expect(await hub.links.agent('web1').ping(options())).toMatchObject({ name: 'web1' });
  });

  it('is not made in the clear with an address that is not on this host, at either end', async () => {
    await expect(startHub('192.0.2.1:7400')).rejects.toMatchObject({
      code: 'config',
      message: '192.0.2.1:7400 is not a loopback address, and this controller has no certificates yet',
    });
    await using agent = startAgent(parseAddress('192.0.2.1:7400'));
    await eventually(() =>
      expect(agent.logged.lines.map(({ error }) => error)).toContainEqual(
        expect.objectContaining({ code: 'config', message: '192.0.2.1:7400 is not on this host, and here is no certificate for it' }),
      ),
    );
  });
});

function portOf(address: { readonly kind: string; readonly port?: number }): number {
  if (address.port === undefined) throw new Error(`no port in ${address.kind}`);
  return address.port;
}
