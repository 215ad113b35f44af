import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { PROTOCOL } from '../../../shared/wire/link-messages.js';
import { soon } from '../../contract/agent-api/linked.js';
import { type Secured, startSecured, startSecuredAgent } from '../../support/secured.js';
import { field, framed, numberField, rawAgent, type RawAgent, type RawCall } from './raw-agent.js';

const SESSION = '/ctl.v1.AgentLink/Session';
const REPLY = '/ctl.v1.AgentLink/Reply';
const helloOf = (version: string) =>
  field(1, Buffer.concat([field(1, 'web2'), field(2, version), numberField(3, PROTOCOL), field(4, 'me')]));
const HELLO = helloOf('1.0');
const heartbeat = (at: number) => field(2, numberField(1, at));

/** A controller, a well-behaved agent web1, and somebody who has the certificate of web2. */
async function start(): Promise<{ controller: Secured; intruder: RawAgent; expectWell(): Promise<void> } & AsyncDisposable> {
  const controller = await startSecured();
  const agent = await startSecuredAgent(controller.address, await controller.member('--agent', 'web1'));
  const intruder = rawAgent(controller.address, await controller.member('--agent', 'web2'));
  await agent.link.whenConnected(soon());
  return {
    controller,
    intruder,
    /** The session of web1 lives, and it is the one that it had. */
    async expectWell() {
      await expect(controller.links.agent('web1').ping({ signal: soon(), timeoutMs: 5_000 })).resolves.toMatchObject({ name: 'web1' });
      expect(controller.logged.lines.filter(({ msg }) => msg === 'agent web1 is connected')).toHaveLength(1);
      expect(controller.logged.lines.filter(({ level }) => level === 'error')).toEqual([]);
    },
    async [Symbol.asyncDispose]() {
      await intruder[Symbol.asyncDispose]();
      await agent[Symbol.asyncDispose]();
      await controller[Symbol.asyncDispose]();
    },
  };
}

const isConnected = ({ links }: Secured, host: string) => links.hosts().find((one) => one.host === host)?.connected === true;
const until = (check: () => void) => expect.poll(() => (check(), true), { timeout: 20_000 }).toBe(true);

/** A session of web2 that has been welcomed. */
async function greeted(intruder: RawAgent): Promise<RawCall> {
  const session = intruder.call(SESSION);
  session.write(framed(HELLO));
  expect((await session.answered).length).toBeGreaterThan(5);
  return session;
}

describe('a controller whose agent sends garbage', () => {
  it.each([
    ['random bytes in the frame of a message', framed(randomBytes(500))],
    ['random bytes without a frame', Buffer.concat([Buffer.from([0xff]), randomBytes(500)])],
    ['a message that says it has four gigabytes', framed(Buffer.alloc(100), 0xff_ff_ff_ff)],
    ['a message over the limit', framed(Buffer.alloc(5 * 1024 * 1024))],
    ['nothing at all', Buffer.alloc(0)],
    ['something else than a hello', framed(heartbeat(1))],
    ['a version of three megabytes', framed(helloOf('x'.repeat(3_000_000)))],
  ])('refuses a session that begins with %s', async (_, bytes) => {
    await using stage = await start();
    const session = stage.intruder.call(SESSION);
    session.write(bytes);
    session.end();
    expect(Number(await session.status)).toBeGreaterThan(0);
    expect(isConnected(stage.controller, 'web2')).toBe(false);
    const refusal = /^a session of agent web2 was refused: ./;
    expect(stage.controller.logged.lines).toContainEqual(
      expect.objectContaining({ level: 'warn', msg: expect.stringMatching(refusal) as string }),
    );
    await stage.expectWell();
  });

  it('ends a session in whose middle a message is garbage, and says so', async () => {
    await using stage = await start();
    const session = await greeted(stage.intruder);
    expect(isConnected(stage.controller, 'web2')).toBe(true);
    session.write(framed(Buffer.from([0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f])));
    await session.status;
    await until(() => expect(isConnected(stage.controller, 'web2')).toBe(false));
    expect(stage.controller.logged.lines).toContainEqual(
      expect.objectContaining({ level: 'warn', msg: 'agent web2 is not connected any more', why: expect.any(String) as string }),
    );
    await stage.expectWell();
  });

  it('ends a session that breaks off in the middle of a message', async () => {
    await using stage = await start();
    const session = await greeted(stage.intruder);
    session.write(framed(Buffer.alloc(10), 1_000));
    session.breakOff();
    await until(() => expect(isConnected(stage.controller, 'web2')).toBe(false));
    await stage.expectWell();
  });

  it('goes on with a session that says things which this version does not know', async () => {
    await using stage = await start();
    const session = await greeted(stage.intruder);
    session.write(framed(field(77, 'what a later version says')));
    session.write(framed(Buffer.concat([heartbeat(Date.UTC(2024, 1, 1)), field(99, randomBytes(100)), numberField(98, 7)])));
    await until(() => expect(isConnected(stage.controller, 'web2')).toBe(true));
    await stage.expectWell();
    expect(isConnected(stage.controller, 'web2')).toBe(true);
  });

  it('throws away an answer to what was never asked, and says so', async () => {
    await using stage = await start();
    await greeted(stage.intruder);
    const answer = Buffer.concat([field(1, 'no such session'), field(2, 'no such session/1'), field(3, field(1, randomBytes(0)))]);
    const reply = stage.intruder.call(REPLY);
    reply.write(framed(answer));
    reply.end();
    expect(await reply.status).not.toBeNull();
    await until(() => {
      expect(stage.controller.logged.lines).toContainEqual(expect.objectContaining({ msg: 'an answer that nobody waits for was ignored' }));
    });
    await stage.expectWell();
  });

  it('fills no log with answers to what was never asked, and no line with what they are called', async () => {
    await using stage = await start();
    await greeted(stage.intruder);
    for (let n = 0; n < 60; n++) {
      const reply = stage.intruder.call(REPLY);
      reply.write(framed(Buffer.concat([field(1, 'no such session'), field(2, `${n} ${'x'.repeat(100_000)}`), field(3, field(1, ''))])));
      reply.end();
      expect(await reply.status).not.toBeNull();
    }
    const told = stage.controller.logged.lines.filter(({ msg }) => msg.startsWith('an answer that nobody waits for was ignored'));
    expect(told).toHaveLength(20);
    expect(JSON.stringify(told).length).toBeLessThan(10_000);
    await stage.expectWell();
  });

  it('refuses calls that it does not have', async () => {
    await using stage = await start();
    for (const path of ['/ctl.v1.AgentLink/Shell', '/ctl.v2.Control/Run', '/', `/${'x'.repeat(5_000)}`]) {
      const call = stage.intruder.call(path);
      call.end();
      expect(await call.status, path.slice(0, 40)).toBe('12');
    }
    await stage.expectWell();
  });

  it('is not filled up by a thousand calls that say nothing', async () => {
    await using stage = await start();
    const before = process.memoryUsage().rss;
    const calls = Array.from({ length: 1_000 }, () => stage.intruder.call(SESSION));
    await stage.expectWell();
    // Both ends are in this process.
    expect(process.memoryUsage().rss - before).toBeLessThan(150 * 1024 * 1024);
    for (const call of calls) call.breakOff();
    await stage.expectWell();
  });
});
