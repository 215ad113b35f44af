import type { Terminal } from '../deps.js';
import type { Cell } from '../format/table.js';
import { clip, lengthOf } from '../format/text.js';

/** Lines at the end of the terminal that are painted over; what is written `above` them stays. */
export interface LiveArea {
  paint(lines: readonly (readonly Cell[])[]): void;
  above(text: string): void;
  clear(): void;
}

export function createLiveArea(terminal: Terminal, ellipsis: string): LiveArea {
  let painted: readonly (readonly Cell[])[] = [];

  /** The terminal may have become narrower since: a line then takes several rows, and each of them has to go. */
  const erase = () => {
    const { columns } = terminal.size();
    const rows = painted.reduce((sum, line) => sum + Math.max(1, Math.ceil(lengthOf(textOf(line)) / Math.max(1, columns))), 0);
    return rows === 0 ? '' : `\r\x1b[${rows}A\x1b[J`;
  };
  const drawn = () => painted.map((line) => `${line.map((cell) => cell.paint?.(cell.text) ?? cell.text).join('')}\n`).join('');

  return {
    paint(lines) {
      const before = erase();
      const { columns, rows } = terminal.size();
      // One row stays free for the cursor, and one column: a full row makes some terminals wrap.
      painted = lines.slice(0, Math.max(1, rows - 1)).map((line) => clipCells(line, Math.max(1, columns - 1), ellipsis));
      terminal.out(before + drawn());
    },
    above(text) {
      terminal.out(erase() + text + drawn());
    },
    clear() {
      terminal.out(erase());
      painted = [];
    },
  };
}

const textOf = (line: readonly Cell[]): string => line.map((cell) => cell.text).join('');

function clipCells(line: readonly Cell[], width: number, ellipsis: string): Cell[] {
  if (lengthOf(textOf(line)) <= width) return [...line];
  let left = width;
  const kept: Cell[] = [];
  for (const cell of line) {
    if (left <= 0) break;
    const last = lengthOf(cell.text) >= left;
    kept.push(last ? { ...cell, text: clip(`${cell.text} `, left, ellipsis) } : cell);
    left -= lengthOf(cell.text);
  }
  return kept;
}
