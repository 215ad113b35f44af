import { makeGenericClientConstructor, credentials } from '@grpc/grpc-js';
import { mkdtemp, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createControlService } from '../../../../controller/api/control-service.js';
import { createLogger } from '../../../../shared/log.js';
import { formatAddress, parseAddress } from '../../../../shared/rpc/address.js';
import { connectControl } from '../../../../shared/rpc/control-client.js';
import { createRpcServer, type RpcServer } from '../../../../shared/rpc/server.js';
import { createFakeControl } from '../../../support/fake-control.js';

const log = createLogger({ name: 'test', level: 'silent' });
let folder: string;
let started: RpcServer[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ctl-server-'));
  started = [];
});
afterEach(async () => {
  for (const server of started) await server.stop();
  await rm(folder, { recursive: true });
});

const create = (address: string): RpcServer => {
  const server = createRpcServer(
    { log },
    { address: parseAddress(address), services: [createControlService(createFakeControl())], stopMs: 500 },
  );
  started.push(server);
  return server;
};

async function answers(address: string): Promise<boolean> {
  const api = await connectControl(address);
  try {
    return (await api.status({ selectors: [] }, AbortSignal.timeout(20_000))).exit === 0;
  } finally {
    await api.close();
  }
}

describe('a server on a unix socket', () => {
  it('makes the socket readable and writable for its own user only, and removes it at the end', async () => {
    const path = join(folder, 'ctl.sock');
    const server = create(`unix:${path}`);
    await server.start();
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await answers(`unix:${path}`)).toBe(true);
    await server.stop();
    await expect(stat(path)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('takes the place of a socket whose server died', async () => {
    const path = join(folder, 'ctl.sock');
    await leaveDeadSocket(path);
    await create(`unix:${path}`).start();
    expect(await answers(`unix:${path}`)).toBe(true);
  });

  it('refuses a socket at which another server answers, and leaves it alone', async () => {
    const path = join(folder, 'ctl.sock');
    await create(`unix:${path}`).start();
    const second = create(`unix:${path}`);
    await expect(second.start()).rejects.toMatchObject({ code: 'conflict', message: `another server answers at unix:${path}` });
    await second.stop();
    expect(await answers(`unix:${path}`)).toBe(true);
  });

  it('never removes what is not a socket', async () => {
    const path = join(folder, 'ctl.sock');
    await writeFile(path, 'precious');
    await expect(create(`unix:${path}`).start()).rejects.toMatchObject({
      code: 'config',
      message: `${path} is in the way: it is not a socket`,
    });
    const link = join(folder, 'link.sock');
    await symlink(path, link);
    await expect(create(`unix:${link}`).start()).rejects.toMatchObject({ code: 'config' });
    expect((await stat(path)).size).toBe(8);
  });

  it('says which folder is missing', async () => {
    const path = join(folder, 'none', 'ctl.sock');
    await expect(create(`unix:${path}`).start()).rejects.toMatchObject({
      code: 'config',
      message: expect.stringContaining(`cannot listen on unix:${path}`) as string,
    });
  });
});

describe('a server on a port', () => {
  it('tells its real port, and refuses one that is in use', async () => {
    const first = create('127.0.0.1:0');
    await first.start();
    const address = formatAddress(first.address());
    expect(await answers(address)).toBe(true);
    await expect(create(address).start()).rejects.toMatchObject({ code: 'conflict', message: `${address} is in use by another program` });
  });

  it('refuses a message that is too large from a client that does not look after its own limits', async () => {
    const server = create('127.0.0.1:0');
    await server.start();
    const { port } = server.address() as { port: number };
    const Client = makeGenericClientConstructor({}, '');
    const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure(), { 'grpc.enable_http_proxy': 0 });
    try {
      const details = await new Promise((resolve) => {
        client.makeUnaryRequest(
          '/ctl.v1.Control/Status',
          (bytes: Buffer) => bytes,
          (bytes: Buffer) => bytes,
          Buffer.alloc(10_000_000),
          (error) => resolve(error?.details),
        );
      });
      expect(details).toBe('Received message larger than max (10000000 vs 4194304)');
    } finally {
      client.close();
    }
    expect(await answers(formatAddress(server.address()))).toBe(true);
  });

  it('stops while a client stays connected, and stopping twice is stopping once', async () => {
    const server = create('127.0.0.1:0');
    await server.start();
    const api = await connectControl(formatAddress(server.address()));
    await Promise.all([server.stop(), server.stop()]);
    await expect(api.status({ selectors: [] }, AbortSignal.timeout(20_000))).rejects.toMatchObject({ code: 'unreachable' });
    await api.close();
  });
});

/** What kill -9 of a controller leaves behind. */
async function leaveDeadSocket(path: string): Promise<void> {
  const script = `require('node:net').createServer().listen(process.argv[1], () => process.kill(process.pid, 'SIGKILL'))`;
  const child = spawn(process.execPath, ['-e', script, path], { stdio: 'ignore' });
  await once(child, 'exit');
  expect((await stat(path)).isSocket()).toBe(true);
}
