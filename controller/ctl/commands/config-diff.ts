import { EXIT } from '../exit-codes.js';
import { formatConfigDiff } from '../format/config-diff.js';
import { toLine } from '../format/error.js';
import { isoTime } from '../format/units.js';
import type { Connected } from '../session.js';

/** What a reload would change. Exit 2 if the controller does not take the file over as it is. */
export async function configDiff({ api, deps, options, style, signal }: Connected): Promise<number> {
  const diff = await api.diffConfig(signal);
  const exit = diff.refusals.length > 0 ? EXIT.usage : EXIT.well;
  const { file, loadedAt, changes, refusals } = diff;
  deps.terminal.out(
    options.json
      ? toLine({ schema: 1, action: 'config diff', exit, file, loaded: isoTime(loadedAt), changes, refusals })
      : formatConfigDiff(diff, style),
  );
  return exit;
}
