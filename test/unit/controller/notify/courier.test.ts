import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createCourier } from '../../../../controller/notify/courier.js';
import type { Delivery } from '../../../../controller/notify/delivery.js';
import { type MailQueue, openMailQueue } from '../../../../controller/notify/queue.js';
import type { SendMail } from '../../../../controller/notify/smtp.js';
import { createLogger } from '../../../../shared/log.js';
import { aMail, NOW } from './fixtures.js';

let folder: string;
let queue: MailQueue;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ctl-mail-'));
  queue = await openMailQueue(folder, NOW);
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const OPS = 'ops@example.org';
const BOSS = 'boss@example.org';
const answer = (over: Partial<Delivery>): Delivery => ({
  accepted: [],
  later: [],
  never: [],
  blocked: null,
  settled: true,
  answers: [],
  ...over,
});
const taken = answer({ accepted: [OPS, BOSS] });
const later = (why: string, ...to: string[]) => answer({ later: to.map((one) => ({ to: one, why })) });
const down = answer({ ...later('connect ECONNREFUSED', OPS, BOSS), blocked: 'connect ECONNREFUSED', settled: false });

const signal = new AbortController().signal;

/** A courier to a server with these answers, in order. */
function courierTo(...answers: Delivery[]) {
  let now = NOW;
  const tried: { readonly id: string; readonly to: readonly string[] }[] = [];
  const lines: Record<string, unknown>[] = [];
  const send: SendMail = async (mail) => {
    tried.push({ id: mail.messageId, to: mail.to });
    return answers.shift() ?? taken;
  };
  const log = createLogger({ name: 'test', write: (line) => lines.push(JSON.parse(line) as Record<string, unknown>) });
  const courier = createCourier({ queue, send: () => send, clock: { now: () => now, sleep: async () => undefined }, log });
  return {
    courier,
    tried,
    said: () => lines.map(({ level, msg }) => `${String(level)} ${String(msg)}`),
    pass: (ms: number) => void (now += ms),
    now: () => now,
  };
}

describe('the courier', () => {
  it('brings every mail once, the oldest first, and has then nothing to do', async () => {
    await queue.put(aMail({ id: 'b', messageId: '<b>', at: NOW + 1 }));
    await queue.put(aMail({ id: 'a', messageId: '<a>' }));
    const { courier, tried, said } = courierTo();
    expect(await courier.deliver(signal)).toBe(null);
    expect(tried.map(({ id }) => id)).toEqual(['<a>', '<b>']);
    expect(said()).toEqual(['info mail accepted', 'info mail accepted']);
    expect(queue.mails().waiting).toEqual([]);
  });

  it('tries ever more seldom while no mail gets through, says so once, and then brings all of them', async () => {
    await queue.put(aMail({ id: 'a', messageId: '<a>' }));
    await queue.put(aMail({ id: 'b', messageId: '<b>', at: NOW + 1 }));
    const { courier, tried, said, pass, now } = courierTo(...Array.from({ length: 12 }, () => down));
    const waits: number[] = [];
    for (let nth = 0; nth < 12; nth += 1) {
      const next = (await courier.deliver(signal)) ?? 0;
      expect(await courier.deliver(signal)).toBe(next);
      waits.push(next - now());
      pass(next - now());
    }
    expect(tried.every(({ id }) => id === '<a>') && tried.length === 12).toBe(true);
    expect(waits[0]).toBeLessThanOrEqual(2_000);
    expect(waits[11]).toBeGreaterThanOrEqual(150_000);
    expect(Math.max(...waits)).toBeLessThanOrEqual(300_000);
    expect(courier.blocked()?.why).toBe('connect ECONNREFUSED');
    expect(queue.mails().waiting[0]).toMatchObject({ attempts: 12, lastError: 'connect ECONNREFUSED' });
    expect(await courier.deliver(signal)).toBe(null);
    expect(said()).toEqual([
      'error no mail gets through; what waits is tried again: connect ECONNREFUSED',
      'info mail accepted',
      'info mail gets through again',
      'info mail accepted',
    ]);
    expect(courier.blocked()).toBe(null);
  });

  it('lets one mail wait that the server does not take now, and brings the others', async () => {
    await queue.put(aMail({ id: 'a', messageId: '<a>' }));
    await queue.put(aMail({ id: 'b', messageId: '<b>', at: NOW + 1 }));
    const { courier, tried, pass, now } = courierTo(later('451 greylisted', OPS, BOSS), taken, taken);
    const next = (await courier.deliver(signal)) ?? 0;
    expect(tried.map(({ id }) => id)).toEqual(['<a>', '<b>']);
    expect(queue.mails().waiting.map(({ id }) => id)).toEqual(['a']);
    pass(next - now());
    expect(await courier.deliver(signal)).toBe(null);
    expect(tried.map(({ id }) => id)).toEqual(['<a>', '<b>', '<a>']);
  });

  it('offers it again to those who have not got it, and to nobody else', async () => {
    await queue.put(aMail());
    const { courier, tried, pass } = courierTo({ ...later('450 busy', BOSS), accepted: [OPS] });
    await courier.deliver(signal);
    pass(3_600_000);
    await courier.deliver(signal);
    expect(tried.map(({ to }) => to)).toEqual([[OPS, BOSS], [BOSS]]);
    expect(queue.mails()).toEqual({ waiting: [], givenUp: [] });
  });

  it('gives up loudly what is refused for good, keeps it aside, and does not offer it again', async () => {
    await queue.put(aMail());
    const { courier, tried, said } = courierTo(answer({ accepted: [OPS], never: [{ to: BOSS, why: '550 no such user' }] }));
    expect(await courier.deliver(signal)).toBe(null);
    expect(await courier.deliver(signal)).toBe(null);
    expect(tried).toHaveLength(1);
    expect(queue.mails()).toEqual({ waiting: [], givenUp: [aMail({ to: [BOSS], attempts: 1, lastError: '550 no such user' })] });
    expect(said()).toEqual(['info mail accepted', 'error mail refused for good: `ctl mail status` shows it']);
  });

  it('names who it is about where the reasons differ', async () => {
    await queue.put(aMail());
    const { courier } = courierTo(
      answer({
        never: [
          { to: OPS, why: '550 a' },
          { to: BOSS, why: '551 b' },
        ],
      }),
    );
    await courier.deliver(signal);
    expect(queue.mails().givenUp[0]?.lastError).toBe(`${OPS}: 550 a; ${BOSS}: 551 b`);
  });

  it('waits without asking anybody while no mail is configured', async () => {
    await queue.put(aMail());
    const log = createLogger({ name: 'test', level: 'silent' });
    const clock = { now: () => NOW, sleep: async () => undefined };
    expect(await createCourier({ queue, send: () => null, clock, log }).deliver(signal)).toBe(null);
    expect(queue.mails().waiting).toHaveLength(1);
  });
});
