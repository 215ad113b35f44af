import { readFile, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { beforeAll, describe, expect, it } from 'vitest';
import { openConnection, type HttpConnection } from '../../../deploy/demo/http-connection.js';
import type { ClientPlan, ClusterPlan, StartCommands } from '../../../deploy/demo/cluster-plan.js';
import type { Processes, Program } from '../../../deploy/demo/processes.js';
import { until } from '../../../deploy/demo/until.js';

export interface ZopeSubject {
  readonly plan: ClusterPlan;
  readonly commands: Omit<StartCommands, 'poundExe'>;
  readonly processes: Processes;
}

/** What ctl relies on in a WSGI Zope client and its ZEO server; the stand-ins of the demo are held to it as well as the real programs. */
export function describeZope(title: string, prepare: () => Promise<ZopeSubject>): void {
  describe(title, () => {
    let subject: ZopeSubject;
    let client: ClientPlan;
    let zeo: Program;
    const limit = { timeoutMs: 60_000, signal: new AbortController().signal };
    const startZeo = async () => {
      zeo = await subject.processes.start('zeo', subject.commands.zeo(subject.plan.zeo));
    };
    const startClient = () => subject.processes.start('client', subject.commands.client(client, subject.plan));
    const orEnded = (program: Program, wait: Promise<unknown>) =>
      Promise.race([
        wait,
        program.exited.then(async () => {
          throw new Error(`the program ended: ${(await program.output()).slice(-1000)}`);
        }),
      ]);
    const answering = (program: Program) =>
      orEnded(
        program,
        until('the client to answer', async () => (await get('/')).status === 200, limit),
      );
    const connection = () =>
      openConnection({ host: '127.0.0.1', port: client.port, authority: 'www.example.org', headerLines: [], timeoutMs: 20_000 });
    const get = async (path: string, over?: HttpConnection) => {
      const used = over ?? (await connection());
      const exchange = await used.get(path, { close: over === undefined });
      if (exchange.kind !== 'answer') throw new Error(exchange.why);
      return { status: exchange.answer.status, body: exchange.answer.body.toString(), by: exchange.answer.headers.get('x-served-by') };
    };
    const site = (path: string) => `/VirtualHostBase/http/www.example.org:80/site/VirtualHostRoot/${path}`;

    beforeAll(async () => {
      subject = await prepare();
      const [first] = subject.plan.clients;
      if (first === undefined) throw new Error('a plan without clients');
      client = first;
    });

    it('waits for its database before it is ready', async () => {
      const program = await startClient();
      await until(
        'a sign of life',
        async () => (await readFile(client.logFile, 'utf8').catch(() => '')) !== '' || program.running(),
        limit,
      );
      await startZeo();
      await answering(program);
      expect(await readFile(client.logFile, 'utf8')).toMatch(/Connected to storage[^]*Ready to handle requests/);
      await program.end();
    });

    it('logs that it is ready and writes its pid before it takes connections', async () => {
      await rm(client.pidFile, { force: true });
      await rm(client.logFile, { force: true });
      const program = await startClient();
      await orEnded(
        program,
        until('a connection', async () => accepts(client.port), limit),
      );
      expect(await readFile(client.pidFile, 'utf8')).toBe(String(program.pid));
      expect(await readFile(client.logFile, 'utf8')).toMatch(
        /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d INFO \[Zope:\d+\]\[MainThread\] Ready to handle requests$/m,
      );
      await program.end();
    });

    it('answers virtual-host URLs over a connection that it keeps, and says who it is', async () => {
      const program = await startClient();
      await answering(program);
      const kept = await connection();
      const by = `${client.name} ${program.pid}`;
      expect(await get(site(''), kept)).toMatchObject({ status: 200, by, body: expect.stringContaining('Home') as string });
      expect(await get(site('news'), kept)).toMatchObject({ status: 200, by });
      expect(await get(site('slow?ms=50'), kept)).toMatchObject({ status: 200, by });
      expect((await get(site('nowhere'), kept)).status).toBe(404);
      expect(kept.answers).toBe(4);
      kept.close();
      await program.end();
    });

    it('dies of SIGTERM in the middle of a request, and leaves its pid file behind', async () => {
      const program = await startClient();
      await answering(program);
      const kept = await connection();
      await get(site(''), kept);
      const cut = kept.get(site('slow?ms=15000'), { close: false });
      await until('the request to be there', async () => (await get(site(''))).status === 200, limit);
      program.signal('SIGTERM');
      expect(await program.exited).toEqual({ code: null, signal: 'SIGTERM' });
      expect(await cut).toMatchObject({ kind: 'unanswered' });
      expect(await readFile(client.pidFile, 'utf8')).toBe(String(program.pid));
    });

    it('has another pid in the file after the next start', async () => {
      const before = await readFile(client.pidFile, 'utf8');
      const program = await startClient();
      await answering(program);
      expect(await readFile(client.pidFile, 'utf8')).toBe(String(program.pid));
      expect(String(program.pid)).not.toBe(before);
      await program.end();
    });

    it('has a ZEO server that greets first and tells `ruok` how its storages are', async () => {
      const [greeting, health = ''] = await talkToZeo(subject.plan.zeo.port);
      expect(greeting).toBe('Z5');
      expect(JSON.parse(health)).toMatchObject({
        1: { connections: 0, waiting: 0, lock_time: null, 'last-transaction': expect.stringMatching(/^[0-9a-f]{16}$/) as string },
      });
    });

    it('has a ZEO server that ends well on SIGTERM and says so', async () => {
      zeo.signal('SIGTERM');
      expect(await zeo.exited).toEqual({ code: 0, signal: null });
      expect(await readFile(subject.plan.zeo.logFile, 'utf8')).toMatch(/listening on \('127\.0\.0\.1', \d+\)[^]*terminated by SIGTERM/);
      await expect(readFile(subject.plan.zeo.pidFile)).rejects.toThrow('ENOENT');
    });
  });
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

/** Sends `ruok` after the greeting; resolves with the payloads of the first two frames. */
function talkToZeo(port: number): Promise<string[]> {
  return new Promise((resolve, reject) => {
    const frames: string[] = [];
    const socket = connect(port, '127.0.0.1');
    socket.once('error', reject);
    let bytes = Buffer.alloc(0);
    socket.on('data', (chunk: Buffer) => {
      bytes = Buffer.concat([bytes, chunk]);
      while (bytes.length >= 4 && bytes.length >= 4 + bytes.readUInt32BE()) {
        const end = 4 + bytes.readUInt32BE();
        frames.push(bytes.toString('utf8', 4, end));
        bytes = bytes.subarray(end);
        if (frames.length === 1) socket.write(Buffer.from([0, 0, 0, 4, ...Buffer.from('ruok')]));
      }
      if (frames.length < 2) return;
      socket.destroy();
      resolve(frames);
    });
  });
}
