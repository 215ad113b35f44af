import type { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { frame } from '../../../shared/probes/frames.js';
import { createChecks } from '../../../controller/checks/runner.js';
import { AppError } from '../../../shared/errors.js';
import { SERVICE_TYPES, type ServiceType } from '../../../shared/model/service.js';
import { systemClock } from '../../../shared/ports/clock.js';
import { aCluster, aFleet, aService, never } from '../../unit/controller/checks/fixtures.js';
import { answering, closedPort, page, serve } from '../../unit/controller/checks/servers.js';

type Behaviour = (socket: Socket) => void;

/** The types that are asked by a protocol: how one behaves that is well, and one that is there and does not do its work. */
const SPEAKING: Partial<Record<ServiceType, { readonly well: Behaviour; readonly sick: Behaviour }>> = {
  ZeoClient: { well: answering(page('home')), sick: answering(page('sorry', '500 Internal Server Error')) },
  HttpServer: { well: answering(page('no client is up', '503 Service Unavailable')), sick: answering('garbage') },
  ZeoServer: {
    well: (socket) => {
      socket.write(frame('Z5'));
      socket.once('data', () => socket.end(frame('{}')));
    },
    sick: (socket) => socket.write(frame('hello')),
  },
};

const checks = createChecks({ config: () => aCluster([]), fleet: aFleet({}), clock: systemClock });
const limit = { timeoutMs: 5000, signal: never };
const said = (pattern: RegExp) => ({ ok: false, why: expect.stringMatching(pattern) as string });

describe.each(SERVICE_TYPES)('answers, of a %s', (type) => {
  it('is well when the service is, after one connection', async () => {
    await using server = await serve(SPEAKING[type]?.well ?? (() => undefined));
    expect(await checks.answers(aService({ type, ip: server.ip, port: server.port }), limit)).toMatchObject({ ok: true });
    expect(server.connections()).toBeLessThanOrEqual(1);
  });

  it('says why when nothing listens, after one attempt', async () => {
    const port = await closedPort();
    expect(await checks.answers(aService({ type, ip: '127.0.0.1', port }), limit)).toMatchObject(said(/refused/i));
  });

  it('rejects with the reason of its signal', async () => {
    const reason = new AppError('cancelled', 'enough');
    const call = checks.answers(aService({ type, ip: '127.0.0.1', port: 1 }), { ...limit, signal: AbortSignal.abort(reason) });
    await expect(call).rejects.toBe(reason);
  });
});

describe.each(Object.entries(SPEAKING))('answers, of a %s that accepts connections', (name, { sick }) => {
  const type = name as ServiceType;

  it('says why when it does not do its work', async () => {
    await using server = await serve(sick);
    expect(await checks.answers(aService({ type, ip: server.ip, port: server.port }), limit)).toMatchObject(
      said(new RegExp(`127.0.0.1:${server.port}`)),
    );
  });

  it('says why when it hangs, within its limit', async () => {
    await using server = await serve(() => undefined);
    const call = checks.answers(aService({ type, ip: server.ip, port: server.port }), { ...limit, timeoutMs: 150 });
    expect(await call).toMatchObject(said(/within 150 ms/));
  });
});
