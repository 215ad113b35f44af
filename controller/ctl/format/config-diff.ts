import type { ConfigChange, ConfigDiff } from '../../../shared/model/config-diff.js';
import type { Style } from './style.js';
import { oneLine, printable } from './text.js';
import { counted, formatTime } from './units.js';

/** The changes section by section, then why they are not taken over, if they are not. */
export function formatConfigDiff({ file, loadedAt, changes, refusals }: ConfigDiff, style: Style): string {
  const sections = [...new Set(changes.map(({ section }) => section))];
  const lines = sections.flatMap((section) => [
    style.bold(`[${oneLine(section)}]`),
    ...changes.filter((change) => change.section === section).map((change) => `  ${formatChange(change, style)}`),
  ]);
  const count = changes.length === 0 ? 'no change' : counted(changes.length, 'change');
  const summary = `${oneLine(file)}: ${count} against what the controller has gone by since ${formatTime(loadedAt)}`;
  const refused = refusals.length === 0 ? [] : [style.bad('not taken over:'), ...refusals.map((refusal) => `  ${printable(refusal)}`), ''];
  return [...lines, ...(lines.length > 0 ? [''] : []), ...refused, summary, ''].join('\n');
}

function formatChange({ key, before, after, line }: ConfigChange, { good, bad, dim, glyphs }: Style): string {
  const place = line === null ? '' : dim(`  (line ${line})`);
  if (before === null) return `${good(`+ ${key} = ${oneLine(after ?? '')}`)}${place}`;
  if (after === null) return bad(`- ${key} = ${oneLine(before)}`);
  const what = before === after ? `${oneLine(after)} ${dim('(another one)')}` : `${shown(before)} ${glyphs.arrow} ${shown(after)}`;
  return `${key}: ${what}${place}`;
}

const shown = (value: string): string => (value === '' ? '(none)' : oneLine(value));
