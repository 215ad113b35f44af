import { describe, expect, it } from 'vitest';
import { judgeSilence } from '../../../../controller/checks/cut-off.js';
import { AppError } from '../../../../shared/errors.js';
import type { TcpOutcome } from '../../../../shared/model/probe.js';
import { aFleet, never } from './fixtures.js';

const silent: TcpOutcome = { ok: false, fault: 'silent', why: 'no connection to 10.0.0.1:8080 within 3000 ms' };
const limit = { timeoutMs: 200, signal: never };
const ping = async () => ({ name: 'web1', version: '1', at: 0 });

describe('an address that answers nothing', () => {
  it('is a service without a connection if the agent of its host is there', async () => {
    expect(await judgeSilence(silent, aFleet({ web1: { ping } }), 'web1', limit)).toEqual({ ...silent, fault: 'no-connection' });
  });

  it('says nothing of the service if the agent of its host is away as well', async () => {
    expect(await judgeSilence(silent, aFleet({}), 'web1', limit)).toEqual({
      ok: false,
      fault: 'unmeasurable',
      why: 'no connection to 10.0.0.1:8080 within 3000 ms, and its host is cut off: the agent of web1 is away',
    });
  });

  it('says nothing of the service either as long as the lost agent is not missed yet, and only does not answer', async () => {
    const fleet = aFleet({ web1: { ping: () => new Promise(() => undefined) } });
    expect(await judgeSilence(silent, fleet, 'web1', limit)).toMatchObject({ fault: 'unmeasurable' });
  });

  it('is a service without a connection where there is no agent to be asked', async () => {
    const fleet = aFleet({ web1: { ping: () => Promise.reject(new AppError('precondition', 'web1 is not this host')) } });
    expect(await judgeSilence(silent, fleet, 'web1', limit)).toEqual({ ...silent, fault: 'no-connection' });
  });

  it.each<TcpOutcome>([
    { ok: true, ms: 1 },
    { ok: false, fault: 'no-connection', why: 'connection refused' },
  ])('is nothing that was answered: %j', async (outcome) => {
    expect(await judgeSilence(outcome, aFleet({}), 'web1', limit)).toBe(outcome);
  });

  it('ends with its signal', async () => {
    const reason = new AppError('cancelled', 'enough');
    const fleet = aFleet({ web1: { ping: () => new Promise(() => undefined) } });
    await expect(judgeSilence(silent, fleet, 'web1', { ...limit, signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });
});
