import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { RotationResult } from '../../shared/model/rotation.js';
import { bundled } from './bundled.js';
import type { RotateOnce } from './rotate-once.js';

/** A process that rotates once. */
export interface RotateProgram extends AsyncDisposable {
  /** Its steps, and its result; null: it was killed, as it was asked to be. `before`: a program and arguments that start it. */
  run(order: RotateOnce, before?: readonly string[]): Promise<{ readonly steps: string[]; readonly result: RotationResult | null }>;
}

export async function buildRotateProgram(): Promise<RotateProgram> {
  const program = await bundled('rotate-once');
  return {
    async run(order, before = []) {
      const command = [...before, process.execPath, program.path, JSON.stringify(order)];
      const child = spawn(command[0] ?? process.execPath, command.slice(1), { stdio: ['ignore', 'pipe', 'inherit'] });
      let said = '';
      child.stdout.on('data', (bytes: Buffer) => (said += bytes.toString()));
      const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
      const lines = said.trimEnd().split('\n');
      if (order.killAt !== null && signal === 'SIGKILL') return { steps: lines, result: null };
      if (code !== 0) throw new Error(`a rotation ended with ${code ?? signal ?? 'nothing'} after ${lines.at(-1) ?? 'nothing'}`);
      return { steps: lines.slice(0, -1), result: JSON.parse(lines.at(-1) ?? '') as RotationResult };
    },
    [Symbol.asyncDispose]: () => program[Symbol.asyncDispose](),
  };
}
