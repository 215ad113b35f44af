import { createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import { createControlService } from '../../../controller/api/control-service.js';
import { formatAddress, parseAddress } from '../../../shared/rpc/address.js';
import { connectControl } from '../../../shared/rpc/control-client.js';
import { createRpcServer } from '../../../shared/rpc/server.js';
import { createFakeControl, type FakeControl } from '../../support/fake-control.js';
import { recordedLog } from '../agent-api/linked.js';
import { controlApiContract } from './contract.js';

controlApiContract('of a controller in the same process', async (control) => ({ api: control, close: async () => undefined }));

controlApiContract('over a loopback port', async (control) => {
  const server = await serve(control);
  const api = await connectControl(server.address);
  return {
    api,
    async close() {
      await api.close();
      await server[Symbol.asyncDispose]();
    },
  };
});

describe('connectControl', () => {
  it('says that no controller answers, when nothing listens', async () => {
    const server = await serve(createFakeControl());
    await server[Symbol.asyncDispose]();
    await expect(connectControl(server.address)).rejects.toMatchObject({
      code: 'unreachable',
      message: `no controller answers at ${server.address}`,
      hint: 'is ctl-controller running there? The address is [controller] address in cluster.ini',
    });
  });

  it('says that no controller answers, when something listens that says nothing', async () => {
    const mute = createServer();
    await new Promise<void>((resolve) => mute.listen(0, '127.0.0.1', resolve));
    const { port } = mute.address() as { port: number };
    try {
      await expect(connectControl(`127.0.0.1:${port}`)).rejects.toMatchObject({
        code: 'unreachable',
        message: `no controller answers at 127.0.0.1:${port}`,
      });
    } finally {
      mute.close();
    }
  });

  it('refuses an address that is not on this host', async () => {
    await expect(connectControl('192.0.2.1:7400')).rejects.toMatchObject({ code: 'config' });
  });
});

describe('the server of the controller', () => {
  it('hides a defect from the caller, and has it in the log', async () => {
    const control = { ...createFakeControl(), status: () => Promise.reject(new TypeError('x is not a function')) };
    await using server = await serve(control);
    const api = await connectControl(server.address);
    try {
      await expect(api.status({ selectors: [] }, AbortSignal.timeout(20_000))).rejects.toMatchObject({
        code: 'internal',
        message: 'internal error of the controller',
        hint: 'its log has the details',
      });
    } finally {
      await api.close();
    }
    expect(server.lines).toContainEqual(
      expect.objectContaining({ level: 'error', error: expect.objectContaining({ message: 'x is not a function' }) as unknown }),
    );
  });

  it('refuses a message of 10 MB clearly, and goes on', async () => {
    await using server = await serve(createFakeControl());
    const api = await connectControl(server.address);
    const signal = AbortSignal.timeout(20_000);
    try {
      await expect(api.status({ selectors: ['x'.repeat(10_000_000)] }, signal)).rejects.toMatchObject({
        code: 'failed',
        message: expect.stringContaining('size larger than 4194304') as string,
      });
      expect(await api.status({ selectors: [] }, signal)).toMatchObject({ exit: 0 });
    } finally {
      await api.close();
    }
  });

  it('ends the streams when it stops, telling their readers why', async () => {
    const control = createFakeControl({ stuckOn: 'zeoclient1.1' });
    const server = await serve(control);
    const api = await connectControl(server.address);
    const run = (async () => {
      const request = {
        action: 'start',
        selectors: [],
        by: '',
        force: false,
        oldForm: true,
        maxFail: null,
        batch: null,
        deadlineS: null,
      } as const;
      for await (const event of api.run(request, AbortSignal.timeout(20_000))) expect(event.type).not.toBe('result');
    })();
    const ended = expect(run).rejects.toMatchObject({ code: 'unreachable', message: 'the controller is stopping' });
    await control.stuck;
    await server[Symbol.asyncDispose]();
    await ended;
    await api.close();
  });
});

async function serve(control: Omit<FakeControl, 'closed'>) {
  const { log, lines } = recordedLog();
  const server = createRpcServer({ log }, { address: parseAddress('127.0.0.1:0'), services: [createControlService(control)], stopMs: 500 });
  await server.start();
  return { address: formatAddress(server.address()), lines, [Symbol.asyncDispose]: () => server.stop() };
}
