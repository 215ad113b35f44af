import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';

/** A port on which connecting takes for ever: its process is stopped and the queue of connections to accept is full. */
export async function deafListener(): Promise<{ readonly ip: string; readonly port: number } & AsyncDisposable> {
  const program = `const s = require('net').createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => console.log(s.address().port))`;
  const child = spawn(process.execPath, ['-e', program], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  const port = Number(line.toString());
  child.kill('SIGSTOP');
  const fillers = Array.from({ length: 8 }, () => connect({ host: '127.0.0.1', port }).on('error', () => undefined));
  // A backlog of 1 lets two in; from then on the kernel answers nobody.
  const [first, second] = fillers;
  await Promise.all([first && once(first, 'connect'), second && once(second, 'connect')]);
  return {
    ip: '127.0.0.1',
    port,
    async [Symbol.asyncDispose]() {
      for (const socket of fillers) socket.destroy();
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  };
}
