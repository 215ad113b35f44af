import type { RawConfig, ShownSection, ShownValue } from '../../config/show.js';
import type { Style } from './style.js';
import { formatTable, type Cell } from './table.js';
import { printable } from './text.js';

/** Each section with its effective values: key, where the value is written, value. `unset`: also keys that have none. */
export function formatShown(
  sections: readonly ShownSection[],
  { file, unset, style }: { readonly file: string; readonly unset: boolean; readonly style: Style },
): string {
  const formatSection = ({ section, line, values }: ShownSection): string => {
    const rows = values.filter((value) => unset || value.value !== '').flatMap((value) => rowsOf(value, section, file, style));
    const place = line === 0 ? '' : `  ${style.dim(`${file}:${line}`)}`;
    return `${style.bold(`[${printable(section)}]`)}${place}\n${formatTable(rows)}`;
  };
  return sections.map(formatSection).join('\n');
}

/** A value on several lines keeps them, each with its own place. */
function rowsOf({ key, value, origin }: ShownValue, section: string, file: string, style: Style): Cell[][] {
  const lines = printable(value).split('\n');
  const written = lines.length === origin?.lines.length ? origin.lines : lines.map(() => origin?.line ?? 0);
  const heir = origin === null || origin.section === section ? '' : ` [${origin.section}]`;
  return lines.flatMap((text, index) => {
    if (text === '' && lines.length > 1) return [];
    const first = index === lines.findIndex((line) => line !== '' || lines.length === 1);
    const place = origin !== null ? `${file}:${written[index] ?? origin.line}${heir}` : value === '' ? 'not set' : 'default';
    return [[{ text: `  ${first ? key : ''}` }, { text: place, paint: style.dim }, { text }]];
  });
}

export const shownToJson = (
  sections: readonly ShownSection[],
  { file, exit }: { readonly file: string; readonly exit: number },
): object => ({
  schema: 1,
  action: 'config show',
  exit,
  file,
  sections: sections.map(({ section, line, values }) => ({
    name: section,
    line: line === 0 ? null : line,
    values: values.map(({ key, value, origin, sentence }) => ({
      key,
      value: value === '' ? null : value,
      default: origin === null,
      file: origin === null ? null : file,
      line: origin?.line ?? null,
      section: origin?.section ?? null,
      meaning: sentence,
    })),
  })),
});

/** As an ini file. */
export function formatRaw(raw: RawConfig): string {
  return Object.entries(raw)
    .map(([name, values]) => {
      const lines = Object.entries(values).map(([key, value]) => `${printable(key)} = ${printable(value).replaceAll('\n', '\n    ')}\n`);
      return `[${printable(name)}]\n${lines.join('')}`;
    })
    .join('\n');
}
