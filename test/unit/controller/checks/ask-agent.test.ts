import { describe, expect, it } from 'vitest';
import { askAgent } from '../../../../controller/checks/ask-agent.js';
import { AppError } from '../../../../shared/errors.js';
import { aFleet, never } from './fixtures.js';

const fleet = aFleet({ web1: {} });
const limit = { timeoutMs: 5000, signal: never };

describe('askAgent', () => {
  it('gives the answer, and hands the limit on to the call', async () => {
    const answer = await askAgent(fleet, 'web1', async (_, options) => ({ limit: options.timeoutMs }), limit);
    expect(answer).toEqual({ limit: 5000 });
  });

  it('makes a reason of an agent that is away or unable', async () => {
    expect(await askAgent(fleet, 'web2', (agent, options) => agent.ping(options), limit)).toEqual({
      ok: false,
      why: 'the agent of web2 is away',
    });
    expect(await askAgent(fleet, 'web1', (agent, options) => agent.ping(options), limit)).toEqual({
      ok: false,
      why: 'the agent of web1 cannot do it',
    });
  });

  it('ends the call of an agent that does not answer in time', async () => {
    const ended: boolean[] = [];
    const hang = (_: unknown, { signal }: { signal: AbortSignal }) =>
      new Promise<never>(() => signal.addEventListener('abort', () => ended.push(signal.aborted)));
    expect(await askAgent(fleet, 'web1', hang, { ...limit, timeoutMs: 50 })).toEqual({
      ok: false,
      why: 'the agent of web1 took longer than 50 ms',
    });
    expect(ended).toEqual([true]);
  });

  it('rejects with the reason of its signal, though the agent rejects for another one', async () => {
    const reason = new AppError('cancelled', 'enough');
    const abort = new AbortController();
    const asked = askAgent(
      fleet,
      'web1',
      () => {
        abort.abort(reason);
        return Promise.reject(new AppError('unreachable', 'the link is gone'));
      },
      { ...limit, signal: abort.signal },
    );
    await expect(asked).rejects.toBe(reason);
  });
});
