import { lengthOf } from './text.js';

export interface Cell {
  readonly text: string;
  /** Emphasis, applied after padding so that it does not count as width. */
  readonly paint?: ((text: string) => string) | undefined;
}

/** Columns aligned to the left, two blanks apart, the last one ragged. A header is a first row. */
export function formatTable(rows: readonly (readonly Cell[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => lengthOf(row[column]?.text ?? ''))));
  const line = (row: readonly Cell[]) =>
    row
      .map((cell, column) => {
        const last = column === row.length - 1;
        const padding = last ? '' : ' '.repeat((widths[column] ?? 0) - lengthOf(cell.text) + 2);
        return (cell.paint?.(cell.text) ?? cell.text) + padding;
      })
      .join('')
      .trimEnd();
  return rows.map((row) => `${line(row)}\n`).join('');
}
