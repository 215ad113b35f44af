import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll } from 'vitest';
import { createControlService } from '../../controller/api/control-service.js';
import type { ControlApi } from '../../shared/model/control-api.js';
import { createLogger } from '../../shared/log.js';
import { formatAddress } from '../../shared/rpc/address.js';
import { createRpcServer } from '../../shared/rpc/server.js';

/** `ctl` as it is delivered, in a folder of its own. */
export interface BuiltCtl {
  /** A place to type in: an empty folder. Its processes are ended with it. */
  seat(): Promise<Seat>;
}

export interface Seat extends AsyncDisposable {
  readonly folder: string;
  /** The file that is run. */
  readonly program: string;
  /** Serves this behaviour on a port of the system's choice, and names it in an ini file of the folder. */
  serve(control: ControlApi, file?: string): Promise<{ stop(): Promise<void> }>;
  /** Writes an ini file that names a port at which nobody listens; answers the port. */
  serveNobody(file?: string): Promise<number>;
  /** Nobody listens there. */
  freePort(): Promise<number>;
  /** A port that takes connections and says nothing. */
  listenOnly(): Promise<number>;
  type(...words: string[]): Run;
  /** The same on a terminal, as `script` makes one; `out` has what stands on it. */
  typeOnTerminal(...words: string[]): Run;
}

export interface Run {
  readonly child: ChildProcess;
  readonly out: () => string;
  readonly err: () => string;
  /** The exit code, or the name of the signal that ended it. */
  readonly end: Promise<number | string | null>;
}

const ROOT = join(import.meta.dirname, '../..');

/** Builds it once before the tests of a file; to be called at the top of it. */
export function builtCtl(): BuiltCtl {
  let built: string;
  beforeAll(async () => {
    built = await mkdtemp(join(tmpdir(), 'ctl-program-'));
    await promisify(execFile)(process.execPath, [join(ROOT, 'deploy/build.mjs'), '--out', built, 'ctl']);
    await writeFile(join(built, 'package.json'), '{"type":"module"}');
    // Where a package has them, too: beside the programs.
    await symlink(join(ROOT, 'node_modules'), join(built, 'node_modules'));
    await mkdir(join(built, 'seats'));
  });
  afterAll(() => rm(built, { recursive: true, force: true }));
  return { seat: async () => createSeat(join(built, 'ctl.js'), await mkdtemp(join(built, 'seats/'))) };
}

function createSeat(program: string, folder: string): Seat {
  // Nothing of whoever runs the tests is read or written.
  const env = { ...process.env, HOME: folder, XDG_CONFIG_HOME: folder, TMPDIR: folder, TERM: 'xterm', NO_COLOR: '' };
  const running = new Set<ChildProcess>();
  const ends: (() => Promise<unknown>)[] = [];

  function start(file: string, args: readonly string[]): Run {
    const written = { out: '', err: '' };
    const child = spawn(file, args, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'], env });
    running.add(child);
    child.stdout.setEncoding('utf8').on('data', (text: string) => void (written.out += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => void (written.err += text));
    const end = new Promise<number | string | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code, signal) => {
        running.delete(child);
        resolve(code ?? signal);
      });
    });
    return { child, out: () => written.out, err: () => written.err, end };
  }

  return {
    folder,
    program,
    async serve(control, file = 'cluster.ini') {
      const log = createLogger({ name: 'test', level: 'silent' });
      const address = { kind: 'tcp', host: '127.0.0.1', port: 0 } as const;
      const server = createRpcServer({ log }, { address, services: [createControlService(control)] });
      ends.push(() => server.stop());
      await server.start();
      await nameController(join(folder, file), formatAddress(server.address()));
      return { stop: () => server.stop() };
    },
    async serveNobody(file = 'cluster.ini') {
      const port = await freePort();
      await nameController(join(folder, file), `127.0.0.1:${port}`);
      return port;
    },
    freePort,
    async listenOnly() {
      const server = createServer((socket) => socket.resume());
      ends.push(() => new Promise((resolve) => server.close(resolve)));
      return listen(server);
    },
    type: (...words) => start(process.execPath, [program, ...words]),
    typeOnTerminal: (...words) => start('script', ['-qefc', [process.execPath, program, ...words].map(quoted).join(' '), '/dev/null']),
    async [Symbol.asyncDispose]() {
      for (const child of running) child.kill('SIGKILL');
      await Promise.all(ends.map((end) => end()));
      await rm(folder, { recursive: true, force: true });
    },
  };
}

const nameController = (file: string, address: string) => writeFile(file, `[controller]\naddress = ${address}\n`);
const quoted = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`;

async function freePort(): Promise<number> {
  const server = createServer();
  const port = await listen(server);
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
