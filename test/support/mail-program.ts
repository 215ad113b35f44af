import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { IncidentChange } from '../../shared/model/incident.js';
import { bundled } from './bundled.js';
import type { MailTeller } from './mail-teller.js';

/** A process that mails. */
export interface MailProgram extends AsyncDisposable {
  start(order: MailTeller): MailProcess;
}

export interface MailProcess {
  /** Resolves when the process says that it is sure to be mailed; false: it was killed before. */
  tell(change: IncidentChange): Promise<boolean>;
  /** Without any warning. */
  kill(): Promise<void>;
}

export async function buildMailProgram(): Promise<MailProgram> {
  const program = await bundled('mail-teller');
  return {
    start: (order) => startProcess(program.path, order),
    [Symbol.asyncDispose]: () => program[Symbol.asyncDispose](),
  };
}

function startProcess(program: string, order: MailTeller): MailProcess {
  const child = spawn(process.execPath, [program, JSON.stringify(order)], { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = once(child, 'close');
  const said = new Set<string>();
  child.stdin.on('error', () => undefined);
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    for (const line of text.split('\n')) said.add(line);
  });
  let gone = false;
  void ended.then(() => (gone = true));
  return {
    async tell(change) {
      child.stdin.write(`${JSON.stringify(change)}\n`);
      while (!gone && !said.has(change.incident.id)) await new Promise<void>((resolve) => setImmediate(resolve));
      return said.has(change.incident.id);
    },
    async kill() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}
