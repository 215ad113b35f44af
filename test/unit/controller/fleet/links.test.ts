import { describe, expect, it } from 'vitest';
import { createLinks, type Links } from '../../../../controller/fleet/links.js';
import { reasonOf } from '../../../../shared/abort.js';
import { AppError } from '../../../../shared/errors.js';
import { createLogger } from '../../../../shared/log.js';
import type { Caller } from '../../../../shared/model/identity.js';
import type { WallClock } from '../../../../shared/ports/clock.js';
import { createOutbox } from '../../../../shared/rpc/outbox.js';
import { commandFromWire, partToWire, reportToWire } from '../../../../shared/wire/agent.js';
import type { Command, Hello, Part, Report } from '../../../../shared/wire/link-messages.js';
import { aService } from '../../../contract/agent-api/fake-agent.js';

const HEARTBEAT_MS = 5_000;
const hello: Hello = { type: 'hello', name: 'web1', version: '1.2.3', protocol: 1, instance: 'i1' };
const caller: Caller = { kind: 'local' };
const forever = new AbortController().signal;
const options = { signal: forever, timeoutMs: 20_000 };

type WireCommand = Parameters<typeof commandFromWire>[0];

/** The service of the links, called as the server calls it. */
interface Implementation {
  readonly session: (
    reports: AsyncIterable<unknown>,
    context: { caller: Caller; signal: AbortSignal },
  ) => AsyncGenerator<WireCommand, undefined>;
  readonly reply: (parts: AsyncIterable<unknown>, context: { caller: Caller }) => Promise<object>;
}

function setUp() {
  const clock = manualClock();
  const lines: { readonly msg: string; readonly why?: string; readonly call?: string }[] = [];
  const log = createLogger({ name: 'test', write: (line) => lines.push(JSON.parse(line) as (typeof lines)[number]) });
  const links = createLinks({ clock, log, heartbeatMs: HEARTBEAT_MS, version: '9.9.9', takeEvents: () => Promise.resolve() });
  return { links, clock, lines, agent: (first: Report = hello) => connect(links, first) };
}

function connect(links: Links, first: Report) {
  let service: Implementation | undefined;
  links.service.addTo({ add: (_: unknown, implementation: unknown) => (service = implementation as Implementation) } as never);
  if (service === undefined) throw new Error('nothing was added');
  const { session, reply } = service;
  const reports = createOutbox<unknown>();
  const report = (value: Report) => reports.send(reportToWire(value));
  report(first);
  const commands = session(reports, { caller, signal: forever });
  return {
    report,
    leave: () => reports.end(),
    async next(): Promise<Command> {
      const command = await commands.next();
      if (command.done === true) throw new Error('the session has ended');
      return commandFromWire(command.value);
    },
    async answer(part: Part) {
      await reply(
        (async function* () {
          yield partToWire(part);
        })(),
        { caller },
      );
    },
  };
}

type Fake = ReturnType<typeof connect>;

async function welcomed(agent: Fake): Promise<string> {
  const welcome = await agent.next();
  if (welcome.type !== 'welcome') throw new Error(welcome.type);
  return welcome.session;
}

describe('a session', () => {
  it('begins with a welcome and the services of the host, then come the calls', async () => {
    const { links, agent } = setUp();
    links.assign('web1', [aService('zeoclient1.1')]);
    const web1 = agent();
    expect(await web1.next()).toMatchObject({ type: 'welcome', heartbeatMs: HEARTBEAT_MS, version: '9.9.9' });
    const call = links.agent('web1').start('zeoclient1.1', { ...options, commandId: 'c1' });
    call.catch(() => undefined);
    expect(await web1.next()).toEqual({ type: 'assign', services: [aService('zeoclient1.1')], unreadable: [] });
    expect(await web1.next()).toMatchObject({
      type: 'call',
      call: { timeoutMs: 20_000, commandId: 'c1', request: { verb: 'start', service: 'zeoclient1.1' } },
    });
    links.stop();
  });

  it.each([
    [{ type: 'heartbeat', at: 0 } as const, 'usage', 'a session begins with hello'],
    [{ ...hello, name: '' }, 'usage', 'an agent needs a name'],
    [{ ...hello, protocol: 2 }, 'unsupported', 'agent web1 1.2.3 speaks protocol 2, this controller 9.9.9 speaks 1'],
  ])('is refused: %j', async (first, code, message) => {
    const { links, agent } = setUp();
    await expect(agent(first).next()).rejects.toMatchObject({ code, message });
    expect(links.hosts()).toEqual(
      links.hosts().map(({ host }) => ({ host, connected: false, lastSeen: null, version: null, skewMs: null })),
    );
  });

  it('ends when three heartbeats have been missed, and not before', async () => {
    const { links, agent, clock, lines } = setUp();
    const web1 = agent();
    await welcomed(web1);
    const over = web1.next();
    over.catch(() => undefined);
    await clock.pass(HEARTBEAT_MS);
    web1.report({ type: 'heartbeat', at: 0 });
    await clock.pass(HEARTBEAT_MS, HEARTBEAT_MS, HEARTBEAT_MS - 1);
    expect(links.hosts()).toMatchObject([{ host: 'web1', connected: true }]);
    await clock.pass(1);
    await expect(over).rejects.toMatchObject({ code: 'unreachable', message: 'no heartbeat for 15 s' });
    expect(links.hosts()).toMatchObject([{ host: 'web1', connected: false }]);
    expect(lines.at(-1)).toMatchObject({ msg: 'agent web1 is not connected any more', why: 'no heartbeat for 15 s' });
    await expect(links.agent('web1').ping(options)).rejects.toMatchObject({ message: 'agent web1 is not connected (last seen 15 s ago)' });
  });

  it('does not end because the controller itself was suspended', async () => {
    const { links, agent, clock } = setUp();
    const web1 = agent();
    await welcomed(web1);
    web1.next().catch(() => undefined);
    await clock.pass(3_600_000);
    expect(links.hosts()).toMatchObject([{ connected: true }]);
    web1.report({ type: 'heartbeat', at: 0 });
    await clock.pass(HEARTBEAT_MS, HEARTBEAT_MS);
    expect(links.hosts()).toMatchObject([{ connected: true }]);
    await clock.pass(HEARTBEAT_MS);
    expect(links.hosts()).toMatchObject([{ connected: false }]);
  });

  it('tells the agent when a call is given up', async () => {
    const { links, agent } = setUp();
    const web1 = agent();
    await welcomed(web1);
    const abort = new AbortController();
    const call = links.agent('web1').ping({ signal: abort.signal, timeoutMs: 20_000 });
    const command = await web1.next();
    abort.abort(new AppError('cancelled', 'enough'));
    await expect(call).rejects.toMatchObject({ message: 'enough' });
    expect(await web1.next()).toEqual({ type: 'cancel', call: command.type === 'call' ? command.call.id : '' });
  });

  it('takes an answer only from the session that was asked, and only once', async () => {
    const { links, agent, lines } = setUp();
    const web1 = agent();
    const web2 = agent({ ...hello, name: 'web2', instance: 'i2' });
    const [session1, session2] = [await welcomed(web1), await welcomed(web2)];
    const call = links.agent('web1').ping(options);
    const command = await web1.next();
    const id = command.type === 'call' ? command.call.id : '';
    const answer = (name: string) => ({ ok: true, answer: { verb: 'ping', value: { name, version: '', at: 0 } } }) as const;

    await web2.answer({ session: session2, call: id, outcome: answer('liar') });
    await web1.answer({ session: session1, call: 'made up', outcome: answer('liar') });
    await web1.answer({ session: session1, call: id, outcome: answer('web1') });
    await web1.answer({ session: session1, call: id, outcome: answer('again') });
    expect(await call).toMatchObject({ name: 'web1' });
    expect(lines.filter(({ msg }) => msg === 'an answer that nobody waits for was ignored').map((line) => line.call)).toEqual([
      id,
      'made up',
      id,
    ]);
  });

  it('fails a call whose answer is one to something else', async () => {
    const { links, agent } = setUp();
    const web1 = agent();
    const session = await welcomed(web1);
    const call = links.agent('web1').balancer('pound', options);
    const command = await web1.next();
    const id = command.type === 'call' ? command.call.id : '';
    await web1.answer({ session, call: id, outcome: { ok: true, answer: { verb: 'setBackend', value: undefined } } });
    await expect(call).rejects.toMatchObject({ code: 'internal', message: 'the agent answered setBackend to balancer' });
  });

  it('ends, and its calls with it, when the agent leaves or the controller stops', async () => {
    const { links, agent } = setUp();
    const web1 = agent();
    await welcomed(web1);
    const call = links.agent('web1').ping(options);
    await web1.next();
    const over = web1.next();
    web1.leave();
    await expect(over).rejects.toMatchObject({ code: 'unreachable', message: 'the agent has left' });
    await expect(call).rejects.toMatchObject({ message: 'the link to the agent web1 was lost during ping: the agent has left' });

    const again = agent();
    await welcomed(again);
    const stopped = again.next();
    links.stop();
    await expect(stopped).rejects.toMatchObject({ code: 'unreachable', message: 'the controller is stopping' });
    expect(links.hosts()).toMatchObject([{ connected: false }]);
  });
});

/** Time passes when the test says so, one sleep after the other. */
function manualClock(): WallClock & { pass(...steps: readonly number[]): Promise<void> } {
  let now = 0;
  const sleepers = new Set<{ readonly until: number; wake(): void }>();
  return {
    now: () => now,
    wallTime: () => now,
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        const sleeper = {
          until: now + ms,
          wake() {
            sleepers.delete(sleeper);
            resolve();
          },
        };
        sleepers.add(sleeper);
        signal.addEventListener('abort', () => sleepers.delete(sleeper) && reject(reasonOf(signal)), { once: true });
      }),
    async pass(...steps) {
      for (const ms of steps) {
        await settled();
        now += ms;
        for (const sleeper of [...sleepers]) if (sleeper.until <= now) sleeper.wake();
        await settled();
      }
    },
  };
}

/** Lets every promise that can go on do so. */
const settled = () => new Promise<void>((resolve) => setImmediate(resolve));
