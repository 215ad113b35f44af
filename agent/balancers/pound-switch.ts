import { AppError } from '../../shared/errors.js';
import { disabledIn, parseConf, type ConfBackend, type ConfSource, type PoundConf, type Section } from './pound-conf.js';

/**
 * The files that change, with their new text, when the backends that `chosen` accepts go out or in; none if they stand as wanted.
 *
 * Out adds one line of our own, `Disabled 1`, right before the `End` of the stanza: the last `Disabled` wins, so what an operator wrote
 * stays as it is. In takes exactly such a line away, which gives back the file byte for byte; if the operator's own `Disabled` still
 * keeps the backend out, its value becomes 0.
 */
export function switchBackends(
  source: ConfSource,
  chosen: (backend: ConfBackend) => boolean,
  wanted: 'in' | 'out',
): ReadonlyMap<string, string> {
  const edits = backendsOf(parseConf(source))
    .filter((backend) => chosen(backend) && backend.enabled !== (wanted === 'in'))
    .flatMap((backend) => governing(backend).flatMap((section) => (wanted === 'out' ? editOut(source, section) : editIn(source, section))));
  return applyEdits(source, edits);
}

export const backendsOf = (conf: PoundConf): ConfBackend[] =>
  [...conf.listeners.flatMap((l) => l.services), ...conf.services].flatMap((s) => s.backends);

interface Edit {
  readonly file: string;
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** The stanza whose `Disabled` counts: its own if that has one, else the first, which is the global definition if it uses one. */
const governing = (backend: ConfBackend): readonly Section[] =>
  [backend.stanzas.findLast((section) => disabledIn(section) !== undefined) ?? backend.stanzas[0]].filter(
    (section) => section !== undefined,
  );

function editOut(source: ConfSource, section: Section): Edit[] {
  if (disabledIn(section)?.disabled === true) return [];
  const { file, start } = section.end;
  return [{ file, start, end: start, text: `${indentOf(source, section)}Disabled 1${lineBreakOf(source, section)}` }];
}

function editIn(source: ConfSource, section: Section): Edit[] {
  const last = section.directives.at(-1);
  const isOwn =
    last?.keyword === 'disabled' &&
    last.line.file === section.end.file &&
    last.line.end === section.end.start &&
    OWN.test(textOf(source, last.line));
  const rest = isOwn ? { ...section, directives: section.directives.slice(0, -1) } : section;
  const own = isOwn ? [{ file: last.line.file, start: last.line.start, end: last.line.end, text: '' }] : [];
  const operators = disabledIn(rest);
  const value = operators?.directive.args[0];
  if (operators?.disabled !== true || value === undefined) return own;
  return [...own, { file: operators.directive.line.file, start: value.start, end: value.end, text: '0' }];
}

const OWN = /^[ \t]*Disabled 1\r?\n$/;

function indentOf(source: ConfSource, section: Section): string {
  const line = section.directives.find((d) => d.line.start !== section.header.start)?.line ?? section.header;
  return /^[ \t]*/.exec(textOf(source, line))?.[0] ?? '';
}

const lineBreakOf = (source: ConfSource, section: Section): string => (textOf(source, section.header).endsWith('\r\n') ? '\r\n' : '\n');

const textOf = (source: ConfSource, line: { readonly file: string; readonly start: number; readonly end: number }): string =>
  (source.files.get(line.file) ?? '').slice(line.start, line.end);

function applyEdits(source: ConfSource, edits: readonly Edit[]): ReadonlyMap<string, string> {
  const changed = new Map<string, string>();
  // A definition that several services use is named once for each of them.
  const unique = new Map(edits.map((edit) => [`${edit.file}\0${edit.start}\0${edit.end}`, edit]));
  for (const edit of [...unique.values()].sort((a, b) => b.start - a.start)) {
    const text = changed.get(edit.file) ?? source.files.get(edit.file);
    if (text === undefined) throw new AppError('internal', `an edit of ${edit.file}, which was never read`);
    changed.set(edit.file, text.slice(0, edit.start) + edit.text + text.slice(edit.end));
  }
  return changed;
}
