import { linkSignals } from '../../../shared/abort.js';
import { complete, type Candidate, type World } from '../completion/complete.js';
import { EXIT } from '../exit-codes.js';
import { ACTIONS } from '../typed/grammar.js';
import { serviceSections } from '../ini-file.js';
import type { CompleteInvocation } from '../typed/actions/completion.js';
import { withController, type Session } from '../session.js';

/** Somebody waits with a finger on the key. */
const ASK_MS = 2_000;
const NEWEST = 20;

/**
 * Answers the completion script: a line `word TAB meaning` for each candidate, then `:` and what else the shell is to do (0 files as well,
 * 4 nothing else, 1 nothing is known). Nothing is ever said on standard error: it would stand in the middle of what is typed.
 */
export async function answerCompletion(session: Session, { words }: CompleteInvocation): Promise<number> {
  const { terminal } = session.deps;
  using bound = linkSignals([session.signal], ASK_MS, 'completion');
  try {
    const { candidates, files } = await complete(words, ACTIONS, worldOf({ ...session, signal: bound.signal }));
    for (const { word, meaning } of candidates) terminal.out(`${word}\t${meaning}\n`);
    terminal.out(files ? ':0\n' : ':4\n');
  } catch {
    // No file, no controller: there is nothing to offer, and whoever types goes on by himself.
    terminal.out(':1\n');
  }
  return EXIT.well;
}

function worldOf(session: Session): World {
  const at = (file: string): Session => ({ ...session, options: { ...session.options, file } });
  return {
    async services(file) {
      const written = await serviceSections(file);
      if (written.length > 0) return written.map(({ name, type, machine }) => ({ word: name, meaning: `${type} ${machine}`.trim() }));
      // A file that only says where the controller is.
      return asked(at(file), async ({ api, signal }) => {
        const { services } = await api.status({ selectors: [] }, signal);
        return services.map(({ name, type, host }) => ({ word: name, meaning: `${type} ${host}` }));
      });
    },
    operations: (file) =>
      asked(at(file), async ({ api, signal }) => {
        const all = await api.operations(signal);
        return all
          .slice(-NEWEST)
          .reverse()
          .map(({ id, action, state }) => ({ word: id, meaning: `${action}, ${state}` }));
      }),
  };
}

async function asked(session: Session, ask: (connected: Parameters<Parameters<typeof withController>[1]>[0]) => Promise<Candidate[]>) {
  let candidates: Candidate[] = [];
  await withController(session, async (connected) => {
    candidates = await ask(connected);
    return EXIT.well;
  });
  return candidates;
}
