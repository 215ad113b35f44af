import { createServer, type Server } from 'node:http';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createSupervisorRpc } from '../../../../agent/services/supervisor-rpc.js';
import { encodeCall } from '../../../../agent/services/xml-rpc.js';

const { signal } = new AbortController();

describe('a call of supervisor', () => {
  let folder: string;
  let socket: string;
  let server: Server | undefined;
  const asked: string[] = [];
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'rpc-'));
    socket = join(folder, 's.sock');
    asked.length = 0;
  });
  afterEach(async () => {
    server?.closeAllConnections();
    await new Promise((resolve) => (server === undefined ? resolve(null) : server.close(resolve)));
    server = undefined;
    await rm(folder, { recursive: true, force: true });
  });

  const answering = async (status: number, body: string) => {
    const listening = createServer((request, response) => {
      let text = `${request.method ?? ''} ${request.url ?? ''} `;
      request.on('data', (chunk: Buffer) => (text += chunk.toString()));
      request.on('end', () => {
        asked.push(text);
        response.writeHead(status).end(body);
      });
    });
    server = listening;
    await new Promise<void>((resolve) => listening.listen(socket, resolve));
    return createSupervisorRpc(socket);
  };

  it('goes to its socket, in its own namespace', async () => {
    const rpc = await answering(200, '<methodResponse><params><param><value>x</value></param></params></methodResponse>');
    expect(await rpc('getProcessInfo', ['zope:1'], signal)).toEqual({ ok: true, value: 'x' });
    expect(asked).toEqual([`POST /RPC2 ${encodeCall('supervisor.getProcessInfo', ['zope:1'])}`]);
  });

  it('that wants a password is refused with a way out', async () => {
    const rpc = await answering(401, '');
    await expect(rpc('getState', [], signal)).rejects.toMatchObject({
      code: 'denied',
      message: `supervisor at ${socket} wants a user name and a password`,
    });
  });

  it.each([
    [500, '', 'HTTP 500 to getState'],
    [200, '<html>', 'getState with not an XML-RPC answer: "<html>" instead of <methodResponse> at character 0'],
  ])('answered with %s %j fails', async (status, body, why) => {
    const rpc = await answering(status, body);
    await expect(rpc('getState', [], signal)).rejects.toMatchObject({ code: 'failed', message: `supervisor at ${socket} answered ${why}` });
  });

  it('ends when the caller goes away', async () => {
    const rpc = await answering(200, '');
    await expect(rpc('getState', [], AbortSignal.abort())).rejects.toMatchObject({ code: 'cancelled' });
  });

  it('to a socket without supervisor says where it was looked for', async () => {
    await expect(createSupervisorRpc(socket)('getState', [], signal)).rejects.toMatchObject({
      code: 'unreachable',
      message: `supervisor does not answer at ${socket}: connect ENOENT ${socket}`,
    });
  });
});
