import type { Block, BlockEntry } from './blocks.js';
import type { LineTest } from './line-test.js';
import { textOfEntry, type ScannedEntry } from './scanned.js';

/** Which lines (numbers from 0) of these whole lines match. */
export type LineMatcher = (lines: Buffer) => Promise<readonly number[]>;

/** The entries of a block with the number of their matching lines; without a matcher nothing is looked for. */
export async function scanBlock(block: Block, match: LineMatcher | null): Promise<readonly ScannedEntry[]> {
  const { bytes, entries } = block;
  const first = entries[0];
  const last = entries.at(-1);
  if (first === undefined || last === undefined) return [];
  const found = match === null ? [] : await match(bytes.subarray(first.at, last.end));
  let next = 0;
  return entries.map((entry) => {
    let matching = 0;
    for (; (found[next] ?? Infinity) < entry.line + entry.lines; next++) matching += 1;
    return scanned(bytes, entry, matching);
  });
}

const scanned = (bytes: Buffer, { at, end, offset, lines, header, isRest }: BlockEntry, matching: number): ScannedEntry => ({
  offset,
  lines,
  matching,
  header,
  isRest,
  text: () => textOfEntry(bytes, at, end),
});

/** In JavaScript: for patterns that are linear there, and those of an ini file that ripgrep cannot take. */
export function matchInProcess(test: LineTest): LineMatcher {
  return async (bytes) => {
    const lines: string[] = [];
    for (let from = 0; from < bytes.length;) {
      const newline = bytes.indexOf(NEWLINE, from);
      const to = newline < 0 ? bytes.length : newline;
      lines.push(bytes.toString('utf8', from, to));
      from = to + 1;
    }
    return test(lines).flatMap((matches, number) => (matches ? [number] : []));
  };
}

const NEWLINE = 0x0a;
