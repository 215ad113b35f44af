import { describe, expect, it } from 'vitest';
import { createCalls, type LinkedAgent } from '../../../../agent/link/calls.js';
import { createLogger } from '../../../../shared/log.js';
import type { AgentCall } from '../../../../shared/wire/link-messages.js';
import { aService, createFakeAgent } from '../../../contract/agent-api/fake-agent.js';

function setUp() {
  const agent = createFakeAgent();
  const lines: { readonly level: string; readonly msg: string }[] = [];
  const log = createLogger({ name: 'test', write: (line) => lines.push(JSON.parse(line) as (typeof lines)[number]) });
  return { agent, lines, calls: createCalls({ api: agent.api, log, name: 'web1', version: '1.2.3' }) };
}

let ids = 0;
const aCall = (request: AgentCall['request'], commandId: string | null = null): AgentCall => ({
  id: String(++ids),
  timeoutMs: 20_000,
  commandId,
  request,
});

describe('the calls of a session', () => {
  it('refuses a service that came in terms of a later version, and looks after the others', async () => {
    const { calls, lines } = setUp();
    calls.assign([aService('old')], [{ name: 'new', why: 'this version does not know the service type 999' }]);
    expect(await calls.carryOut(aCall({ verb: 'process', service: 'new' }))).toMatchObject({
      ok: false,
      error: { code: 'unsupported', message: 'this version does not know the service type 999' },
    });
    expect(await calls.carryOut(aCall({ verb: 'process', service: 'old' }))).toMatchObject({ ok: true });
    expect(lines).toMatchObject([{ level: 'error', msg: 'new cannot be looked after: this version does not know the service type 999' }]);
  });

  it('refuses a verb of a later version, and a change without a command id', async () => {
    const { calls, agent } = setUp();
    calls.assign([aService('a')], []);
    calls.welcome('9.9.9');
    expect(await calls.carryOut(aCall({ verb: 'unknown', why: 'no idea' }))).toMatchObject({
      ok: false,
      error: {
        code: 'unsupported',
        message: 'no idea',
        hint: 'ctl-controller is 9.9.9, ctl-agent on web1 is 1.2.3: bring both to the same version',
      },
    });
    expect(await calls.carryOut(aCall({ verb: 'start', service: 'a' }))).toMatchObject({
      ok: false,
      error: { code: 'usage', message: 'start of a came without a command id' },
    });
    expect(agent.performed).toEqual([]);
  });

  it('waits until the services have been taken over', async () => {
    const { agent } = setUp();
    let takeOver: () => void = () => undefined;
    const taken = new Promise<void>((resolve) => (takeOver = resolve));
    const api: LinkedAgent = { ...agent.api, assign: (services) => taken.then(() => agent.api.assign(services)) };
    const slow = createCalls({ api, log: createLogger({ name: 'test', level: 'silent' }), name: 'web1', version: '1.2.3' });
    slow.assign([aService('a')], []);
    const outcome = slow.carryOut(aCall({ verb: 'start', service: 'a' }, 'c1'));
    expect(agent.performed).toEqual([]);
    takeOver();
    expect(await outcome).toMatchObject({ ok: true });
  });

  it('answers nothing to a call that was cancelled', async () => {
    const { calls, agent } = setUp();
    const held = agent.hold('ping');
    const call = aCall({ verb: 'ping' });
    const outcome = calls.carryOut(call);
    const atAgent = await held;
    calls.cancel(call.id);
    expect(await outcome).toBeNull();
    expect(atAgent.aborted).toBe(true);
  });

  it('cancels what only reads when the session is lost, and everything when the agent stops', async () => {
    const { calls, agent } = setUp();
    calls.assign([aService('a')], []);
    const atAgent = Promise.all([agent.hold('log'), agent.hold('start')]);
    const reading = calls.carryOut(aCall({ verb: 'log', service: 'a' }));
    const changing = calls.carryOut(aCall({ verb: 'start', service: 'a' }, 'c1'));
    const [log, start] = await atAgent;
    calls.leave();
    expect(await reading).toBeNull();
    expect([log.aborted, start.aborted]).toEqual([true, false]);
    calls.stop();
    expect(await changing).toBeNull();
    expect(start.aborted).toBe(true);
  });

  it('answers an expired deadline with timeout, even if the agent does not heed its signal', async () => {
    const { calls, agent } = setUp();
    agent.answers.ping = () => new Promise(() => undefined);
    expect(await calls.carryOut({ ...aCall({ verb: 'ping' }), timeoutMs: 20 })).toMatchObject({
      ok: false,
      error: { code: 'timeout', message: 'ping took longer than 20 ms' },
    });
  });
});
