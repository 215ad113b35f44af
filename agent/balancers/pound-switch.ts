import { AppError } from '../../shared/errors.js';
import { disabledIn, parseConf, type ConfBackend, type ConfSource, type PoundConf, type Section, type SourceLine } from './pound-conf.js';

/**
 * The files that change, with their new text, when the backends that `chosen` accepts go out or in; none if they stand as wanted.
 *
 * Out adds one line of our own, `Disabled 1`, right before the `End` of the stanza: the last `Disabled` wins, so what an operator wrote
 * stays as it is. In takes exactly such a line away, which gives back the file byte for byte; if the operator's own `Disabled` still
 * keeps the backend out, its value becomes 0. A `UseBackend` has no stanza: out makes it one that remembers, on its `End`, what it was.
 */
export function switchBackends(
  source: ConfSource,
  chosen: (backend: ConfBackend) => boolean,
  wanted: 'in' | 'out',
): ReadonlyMap<string, string> {
  const edits = backendsOf(parseConf(source))
    .filter((backend) => chosen(backend) && backend.enabled !== (wanted === 'in'))
    .flatMap((backend) => {
      const section = governing(backend);
      if (section === undefined) return stanzaOutOfUse(source, backend.line);
      return wanted === 'out'
        ? editOut(source, section)
        : editIn(source, section, backend.stanzas.length > 1 && section !== backend.stanzas[0]);
    });
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

/** The stanza whose `Disabled` counts: its own if that has one, else the first, which is the global definition if it adjusts one. */
const governing = (backend: ConfBackend): Section | undefined =>
  backend.stanzas.findLast((section) => disabledIn(section) !== undefined) ?? backend.stanzas[0];

function stanzaOutOfUse(source: ConfSource, line: SourceLine): Edit[] {
  const keyword = line.words[0];
  if (keyword === undefined) return [];
  const text = textOf(source, line);
  const indent = indentOf(text);
  const lineBreak = lineBreakOf(text);
  const added = `${indent}Disabled 1${lineBreak}${indent}End # was ${keyword.text}${lineBreak}`;
  return [
    { file: line.file, start: keyword.start, end: keyword.end, text: 'BackEnd' },
    { file: line.file, start: line.end, end: line.end, text: added },
  ];
}

const WAS_USE = /^[ \t]*End # was (UseBackend)\r?\n$/i;

function editOut(source: ConfSource, section: Section): Edit[] {
  if (disabledIn(section)?.disabled === true) return [];
  const header = textOf(source, section.header);
  const first = section.directives.find((d) => d.line.start !== section.header.start);
  const indent = indentOf(first === undefined ? header : textOf(source, first.line));
  const { file, start } = section.end;
  return [{ file, start, end: start, text: `${indent}Disabled 1${lineBreakOf(header)}` }];
}

/** `adjusts`: the stanza overrides a global definition, which counts again where the stanza says nothing. */
function editIn(source: ConfSource, section: Section, adjusts: boolean): Edit[] {
  const last = ownLine(source, section);
  const was = WAS_USE.exec(textOf(source, section.end))?.[1];
  const keyword = section.header.words[0];
  if (last !== undefined && was !== undefined && keyword !== undefined && section.directives.length === 1) {
    return [
      { file: section.header.file, start: keyword.start, end: keyword.end, text: was },
      { file: last.file, start: last.start, end: section.end.end, text: '' },
    ];
  }
  const without = { ...section, directives: section.directives.slice(0, -1) };
  // Out adds to such a stanza only where it has a Disabled already: a single one is the operator's.
  const isOurs = last !== undefined && (!adjusts || disabledIn(without) !== undefined);
  const removed = isOurs ? [{ file: last.file, start: last.start, end: last.end, text: '' }] : [];
  const operators = disabledIn(isOurs ? without : section);
  const value = operators?.directive.args[0];
  if (operators?.disabled !== true || value === undefined) return removed;
  return [...removed, { file: operators.directive.line.file, start: value.start, end: value.end, text: '0' }];
}

/** The last line, if it is as `editOut` writes it. */
function ownLine(source: ConfSource, section: Section): SourceLine | undefined {
  const line = section.directives.at(-1)?.line;
  if (line?.file !== section.end.file || line.end !== section.end.start) return undefined;
  return /^[ \t]*Disabled 1\r?\n$/.test(textOf(source, line)) ? line : undefined;
}

const indentOf = (line: string): string => /^[ \t]*/.exec(line)?.[0] ?? '';
const lineBreakOf = (line: string): string => (line.endsWith('\r\n') ? '\r\n' : '\n');
const textOf = (source: ConfSource, { file, start, end }: SourceLine): string => (source.files.get(file) ?? '').slice(start, end);

function applyEdits(source: ConfSource, edits: readonly Edit[]): ReadonlyMap<string, string> {
  const changed = new Map<string, string>();
  // A definition that several services use is named once for each of them.
  const unique = new Map(edits.map((edit) => [`${edit.file}\0${edit.start}\0${edit.end}`, edit]));
  // From the last one up, so that offsets stay good; what is added at a place stands before what replaces the text there.
  for (const edit of [...unique.values()].sort((a, b) => b.start - a.start || b.end - a.end)) {
    const text = changed.get(edit.file) ?? source.files.get(edit.file);
    if (text === undefined) throw new AppError('internal', `an edit of ${edit.file}, which was never read`);
    changed.set(edit.file, text.slice(0, edit.start) + edit.text + text.slice(edit.end));
  }
  return changed;
}
