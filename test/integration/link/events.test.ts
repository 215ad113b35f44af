import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { openEventBuffer, type EventBuffer } from '../../../agent/events/event-buffer.js';
import { agentLinkService } from '../../../controller/fleet/link-service.js';
import { openTakeOnce } from '../../../controller/fleet/take-once.js';
import type { AgentEvent, TakeEvents } from '../../../shared/model/agent-event.js';
import { createRpcServer } from '../../../shared/rpc/server.js';
import type { Report } from '../../../shared/wire/link-messages.js';
import { recordedLog, soon, startAgent, startHub, type Hub } from '../../contract/agent-api/linked.js';
import { anEvent } from '../../support/agent-events.js';
import { startWireCutter } from './wire-cutter.js';

let folder = '';
let taken: string[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'events-'));
  taken = [];
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const eventually = (check: () => void) => vi.waitFor(check, { timeout: 20_000, interval: 10 });
const keep: TakeEvents = async (host, events) => void taken.push(...events.map(({ id }) => `${host} ${id}`));
const names = (from: number, to: number) => Array.from({ length: to - from }, (_, n) => String(from + n));
const asTaken = (from: number, to: number) => names(from, to).map((id) => `web1 ${id}`);

async function startOnce(consumer: TakeEvents): Promise<Hub> {
  const once = await openTakeOnce(join(folder, 'taken.jsonl'), consumer);
  const hub = await startHub('127.0.0.1:0', 1_000, once.take);
  return {
    ...hub,
    async [Symbol.asyncDispose]() {
      await hub[Symbol.asyncDispose]();
      await once.close();
    },
  };
}

async function addAll(buffer: EventBuffer, ids: readonly string[]): Promise<void> {
  for (const id of ids) await buffer.add(anEvent(id));
}

describe('what an agent tells', () => {
  it('is told at once, in order, and forgotten when it has been taken', async () => {
    await using hub = await startOnce(keep);
    const events = await openEventBuffer(folder);
    await using fake = startAgent(hub.address, { events });
    await fake.link.whenConnected(soon());
    await addAll(events, names(0, 120));
    await eventually(() => expect(taken).toEqual(asTaken(0, 120)));
    await eventually(() => expect(events.oldest(1)).toEqual([]));
    await events.close();
  });

  it('waits while the controller is away, also over a crash of the agent, and is told once', async () => {
    const before = await openEventBuffer(folder);
    await addAll(before, names(0, 3));
    // A crash: nobody closes anything.
    const events = await openEventBuffer(folder);
    await using hub = await startOnce(keep);
    await using fake = startAgent(hub.address, { events });
    await addAll(events, names(3, 5));
    await eventually(() => expect(taken).toEqual(asTaken(0, 5)));
    expect(fake.link.connected).toBe(true);
    await before.close();
    await events.close();
  });

  it('is taken once, however often the link is cut before the answer has come', async () => {
    let cuts = 0;
    let cut: () => void = () => undefined;
    await using hub = await startOnce(async (host, events) => {
      await keep(host, events);
      if (++cuts <= 3) cut();
    });
    await using wire = await startWireCutter(hub.address);
    cut = () => wire.cut();
    const events = await openEventBuffer(folder);
    await using fake = startAgent(wire.address, { events });
    for (const round of [0, 1, 2, 3]) {
      await fake.link.whenConnected(soon());
      await addAll(events, names(round * 10, round * 10 + 10));
      await eventually(() => expect(taken).toHaveLength(round * 10 + 10));
    }
    await eventually(() => expect(events.oldest(1)).toEqual([]));
    expect(taken).toEqual(asTaken(0, 40));
    expect(cuts).toBeGreaterThan(3);
    await events.close();
  });

  it('is taken once by a controller that dies before it could answer, and is started again', async () => {
    const events = await openEventBuffer(folder);
    await addAll(events, names(0, 5));
    // Its last deed is to have them.
    const first = await startOnce(keep);
    await using wire = await startWireCutter(first.address);
    const silent: EventBuffer = { ...events, forget: () => Promise.resolve() };
    const fake = startAgent(wire.address, { events: silent });
    await eventually(() => expect(taken).toEqual(asTaken(0, 5)));
    await first[Symbol.asyncDispose]();
    await fake[Symbol.asyncDispose]();

    await using second = await startOnce(keep);
    wire.leadTo(second.address);
    await using again = startAgent(wire.address, { events });
    await eventually(() => expect(events.oldest(1)).toEqual([]));
    expect(again.link.connected).toBe(true);
    expect(taken).toEqual(asTaken(0, 5));
    await events.close();
  });

  it('stays with the agent when the controller cannot take it', async () => {
    await using hub = await startOnce(() => Promise.reject(new Error('disk full')));
    const events = await openEventBuffer(folder);
    await using fake = startAgent(hub.address, { events });
    await addAll(events, ['a']);
    await eventually(() =>
      expect(hub.logged.lines).toContainEqual(expect.objectContaining({ level: 'error', msg: 'what agent web1 tells cannot be taken' })),
    );
    expect(fake.link.connected).toBe(true);
    expect(events.oldest(1)).toEqual([anEvent('a')]);
    await events.close();
  });

  it('is not taken of a service that is on another host, and does not come again', async () => {
    await using hub = await startOnce(keep);
    const events = await openEventBuffer(folder);
    await using fake = startAgent(hub.address, { events });
    await events.add(anEvent('a', 'zeoclient2.1'));
    await events.add(anEvent('b'));
    await eventually(() => expect(events.oldest(1)).toEqual([]));
    expect(fake.link.connected).toBe(true);
    expect(taken).toEqual(['web1 b']);
    expect(hub.logged.lines).toContainEqual(
      expect.objectContaining({ level: 'warn', msg: 'agent web1 told 1 events of services that are not on its host' }),
    );
    await events.close();
  });

  it('is not told to a controller of an earlier version, which would never say that it has it', async () => {
    const reports: Report[] = [];
    const { log } = recordedLog();
    const service = agentLinkService({
      async *session(incoming) {
        yield { type: 'welcome', session: 's', heartbeatMs: 20, version: '0.9', takesEvents: false };
        for await (const report of incoming) reports.push(report);
      },
      part: () => Promise.resolve(),
      over: () => undefined,
    });
    const server = createRpcServer({ log }, { address: { kind: 'tcp', host: '127.0.0.1', port: 0 }, services: [service], stopMs: 500 });
    await server.start();
    const events = await openEventBuffer(folder);
    await addAll(events, ['a']);
    const fake = startAgent(server.address(), { events });
    await eventually(() => expect(reports.filter(({ type }) => type === 'heartbeat').length).toBeGreaterThan(3));
    await fake[Symbol.asyncDispose]();
    await server.stop();
    expect(reports.filter(({ type }) => type === 'events')).toEqual([]);
    expect(events.oldest(1)).toEqual([anEvent('a')]);
    await events.close();
  });

  it('has its time by the clock of the controller, where that of the agent is far off', async () => {
    const at: number[] = [];
    const ahead = 3_600_000;
    await using hub = await startOnce(async (_, events: readonly AgentEvent[]) => void at.push(...events.map((event) => event.at)));
    const events = await openEventBuffer(folder);
    await using fake = startAgent(hub.address, { events, clockAheadMs: ahead });
    await fake.link.whenConnected(soon());
    await eventually(() => expect(hub.links.hosts()[0]?.skewMs ?? 0).toBeGreaterThan(ahead - 60_000));
    const now = Date.now();
    await events.add({ ...anEvent('a'), at: now + ahead });
    await eventually(() => expect(at).toHaveLength(1));
    expect(Math.abs((at[0] ?? 0) - now)).toBeLessThan(60_000);
    await events.close();
  });
});
