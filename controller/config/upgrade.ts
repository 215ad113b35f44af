import { AppError } from '../../shared/errors.js';
import { formatProblem, parseIni } from '../../shared/ini/ini.js';
import { decodeSource } from '../../shared/ini/source.js';
import { tokenize } from '../../shared/ini/tokens.js';
import { upgradeRules, type Edit } from './upgrade-rules.js';

/** One thing that the modern form has otherwise. */
export interface UpgradeChange {
  /** In the old file; null: the file as a whole. */
  readonly line: number | null;
  readonly section: string | null;
  readonly key: string | null;
  /** What the change is for. */
  readonly why: string;
}

export interface Upgrade {
  /** The whole file, each changed line below a comment that says what the change is for. */
  readonly text: string;
  readonly changes: readonly UpgradeChange[];
}

/**
 * An old cluster.ini in the modern form: what is read in a way of its own for old files is written as it is meant, and what has no
 * effect becomes a comment. Everything else stays, comments too; the program goes by the same values, but for passwords without `secrets`.
 * Pure. Errors: `config` for a file that is no text.
 */
export function upgradeIni(content: Uint8Array, path: string, options: { readonly file: string; readonly secrets: boolean }): Upgrade {
  const { text, why } = decodeOld(content, options.file);
  const tokens = tokenize(text);
  const { document } = parseIni(text, options.file);
  const edits = upgradeRules({ tokens, document, path, secrets: options.secrets });
  const changes = edits.flatMap(({ line, section, key, why }): UpgradeChange[] => (why === null ? [] : [{ line, section, key, why }]));
  return {
    text: applyEdits(text, edits),
    changes: [...(why === null ? [] : [{ line: null, section: null, key: null, why }]), ...changes].sort(
      (a, b) => (a.line ?? 0) - (b.line ?? 0),
    ),
  };
}

const LINE_END = /\r\n|\r|\n/;

/** Old files were often written in the encoding of Windows. */
function decodeOld(content: Uint8Array, file: string): { readonly text: string; readonly why: string | null } {
  const source = decodeSource(content);
  if (source.ok) return { text: source.text, why: null };
  const old = source.message === 'not UTF-8' ? decodeSource(decodeWindows1252(content)) : source;
  if (old.ok) return { text: old.text, why: 'it was not in UTF-8: read as Windows-1252; look whether all letters are right' };
  const { line, message, hint } = old;
  throw new AppError('config', formatProblem({ severity: 'error', file, line, section: null, key: null, message, hint }));
}

/** Node 20 has an encoding of this name, but reads it as Latin-1. */
const decodeWindows1252 = (content: Uint8Array): string =>
  Buffer.from(content)
    .toString('latin1')
    .replace(/[\x80-\x9f]/g, (char) => WINDOWS_1252[char.charCodeAt(0) - 0x80] ?? char);

const WINDOWS_1252 = '€\x81‚ƒ„…†‡ˆ‰Š‹Œ\x8dŽ\x8f\x90‘’“”•–—˜™š›œ\x9džŸ';

function applyEdits(text: string, edits: readonly Edit[]): string {
  const byLine = new Map<number, Edit[]>();
  for (const edit of edits) byLine.set(edit.line, [...(byLine.get(edit.line) ?? []), edit]);
  return text
    .split(LINE_END)
    .flatMap((old, index) => {
      const own = byLine.get(index + 1) ?? [];
      const notes = own.flatMap(({ why }) => (why === null ? [] : [`; upgraded: ${why}`]));
      return [...notes, own.reduce((line, edit) => edit.apply(line), old)];
    })
    .join('\n');
}
