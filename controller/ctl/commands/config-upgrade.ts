import { formatProblem } from '../../../shared/ini/ini.js';
import { EXIT } from '../exit-codes.js';
import { toLine } from '../format/error.js';
import { printable } from '../format/text.js';
import { counted } from '../format/units.js';
import type { ConfigInvocation } from '../typed/actions/config.js';
import type { Session } from '../session.js';

/** The new file goes to standard output, what was changed and why to standard error: `ctl config upgrade old.ini > new.ini`. */
export async function configUpgrade(
  { deps, options }: Session,
  { secrets }: Extract<ConfigInvocation, { action: 'config upgrade' }>,
): Promise<number> {
  const { file } = options;
  // A file is to be used; what is shown is to be read.
  const shown = deps.terminal.live || options.json;
  const { text, changes } = await (await deps.offline()).upgrade(file, { secrets: secrets || !shown });
  if (options.json) {
    deps.terminal.out(toLine({ schema: 1, action: 'config upgrade', exit: EXIT.well, file, text, changes }));
    return EXIT.well;
  }
  deps.terminal.out(text);
  for (const { line, section, key, why } of changes) {
    deps.terminal.err(`${printable(formatProblem({ severity: 'warning', file, line, section, key, message: why, hint: null }))}\n`);
  }
  deps.terminal.err(`${file}: ${changes.length === 0 ? 'nothing to change' : counted(changes.length, 'change')}\n`);
  return EXIT.well;
}
