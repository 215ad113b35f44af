import { once } from 'node:events';
import { type ClientHttp2Session, connect, type IncomingHttpHeaders } from 'node:http2';
import { describe, expect, it } from 'vitest';
import { formatAddress } from '../../../shared/rpc/address.js';
import { join } from '../../../shared/rpc/join.js';
import { soon } from '../../contract/agent-api/linked.js';
import { type Secured, startSecured } from '../../support/secured.js';

/** HTTP/2 to the controller, by somebody without a certificate whom nothing hinders. */
function stranger(controller: Secured): ClientHttp2Session & Disposable {
  const session = connect(`https://${formatAddress(controller.address)}`, { rejectUnauthorized: false });
  session.on('error', () => undefined);
  return Object.assign(session, { [Symbol.dispose]: () => session.destroy() });
}

/** Begins a call whose message never ends. */
function begin(session: ClientHttp2Session, path: string) {
  const call = session.request({ ':method': 'POST', ':path': path, 'content-type': 'application/grpc', te: 'trailers' });
  call.on('error', () => undefined);
  // A message of 4,000,000 bytes, of which there are some.
  call.write(Buffer.concat([Buffer.from([0, 0, 0x3d, 0x09, 0]), Buffer.alloc(1_000)]));
  return call;
}

const statusOf = async (call: ReturnType<typeof begin>): Promise<string | undefined> => {
  const [headers] = (await once(call, 'response')) as [IncomingHttpHeaders];
  return headers['grpc-status'] as string | undefined;
};
const [TIMEOUT, DENIED, UNAVAILABLE] = ['4', '7', '14'];

describe('somebody without a certificate', () => {
  it('is refused before his message is read, if he wants more than to join', async () => {
    await using controller = await startSecured();
    using session = stranger(controller);
    for (const path of ['/ctl.v1.Control/Run', '/ctl.v1.AgentLink/Session', '/ctl.v1.AgentLink/Reply', '/ctl.v1.Identity/Renew'])
      expect(await statusOf(begin(session, path))).toBe(DENIED);
    expect(controller.control.calls).toEqual([]);
  });

  it('is listened to with few others at a time, and not for ever; who comes later gets his turn', async () => {
    await using controller = await startSecured();
    using session = stranger(controller);
    const invitation = await controller.invite('--operator', 'alice');
    const ended: string[] = [];
    const calls = Array.from({ length: 16 }, () => begin(session, '/ctl.v1.Identity/Join'));
    const all = Promise.all(calls.map(async (call) => ended.push(`stranger: ${await statusOf(call)}`)));
    // Answered behind them.
    await new Promise<void>((resolve) => session.ping(() => resolve()));
    await join(invitation, soon()).then(() => ended.push('alice'));
    expect(ended[0]).toBe(`stranger: ${TIMEOUT}`);
    await all;
    expect(ended).toHaveLength(17);
  });

  it('is refused at once when very many wait already', async () => {
    await using controller = await startSecured();
    using session = stranger(controller);
    using another = stranger(controller);
    // 16 are listened to, 256 wait.
    const answers = [137, 136].map((calls, n) =>
      Array.from({ length: calls }, () => statusOf(begin(n === 0 ? session : another, '/ctl.v1.Identity/Join'))),
    );
    expect(await Promise.race(answers.flat())).toBe(UNAVAILABLE);
  });
});
