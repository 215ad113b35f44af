import { once } from 'node:events';
import { reasonOf } from '../../shared/abort.js';
import type { Terminal } from './deps.js';

type Streams = Pick<NodeJS.Process, 'stdin' | 'stdout' | 'stderr'>;
type Environment = Readonly<Record<string, string | undefined>>;

/** The terminal, or whatever stands in its place, that the process was started with; `interrupt` is told of a Ctrl-C at a question. */
export function createTerminal({ stdin, stdout, stderr }: Streams, env: Environment, interrupt: () => void): Terminal {
  const dumb = env.TERM === 'dumb';
  // https://no-color.org: present and not empty.
  const colorless = dumb || (env.NO_COLOR ?? '') !== '';
  return {
    out: (text) => void stdout.write(text),
    drained: async (signal) => {
      if (!stdout.writableNeedDrain) return;
      try {
        await once(stdout, 'drain', { signal });
      } catch (error) {
        if (signal.aborted) throw reasonOf(signal);
        throw error;
      }
    },
    err: (text) => void stderr.write(text),
    live: stdout.isTTY && !dumb,
    canAsk: stdin.isTTY && stderr.isTTY,
    color: { out: stdout.isTTY && !colorless, err: stderr.isTTY && !colorless },
    unicode: /utf-?8/i.test(env.LC_ALL ?? env.LC_CTYPE ?? env.LANG ?? ''),
    // A terminal that does not tell its size says 0.
    size: () => ({ columns: stdout.columns || 80, rows: stdout.rows || 24 }),
    async ask(question, signal) {
      // Nearly nobody is asked anything: it is loaded when somebody is.
      const { createInterface } = await import('node:readline/promises');
      const lines = createInterface({ input: stdin, output: stderr });
      // On a terminal readline takes Ctrl-C for itself, and Ctrl-D leaves a question without an answer.
      lines.on('SIGINT', interrupt);
      const closed = new Promise<null>((resolve) => lines.once('close', () => resolve(null)));
      try {
        const answer = await Promise.race([lines.question(question, { signal }), closed]);
        if (answer === null) stderr.write('\n');
        return answer ?? '';
      } catch (error) {
        if (signal.aborted) throw reasonOf(signal);
        throw error;
      } finally {
        lines.close();
      }
    },
  };
}
