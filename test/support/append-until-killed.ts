import { openCompactedLog } from '../../shared/ports/compacted-log.js';

/** What `append-until-killed` is told, as JSON. */
export interface AppendUntilKilled {
  readonly path: string;
  /** So many of the newest numbers are known. */
  readonly keep: number;
  readonly mostLines: number;
}

/** A program that appends 1, 2, 3 … to a compacted log, and prints each when it is on the disk, until it is killed. */
const { path, keep, mostLines } = JSON.parse(process.argv[2] ?? '') as AppendUntilKilled;
const newest: number[] = [];
const parse = (value: unknown) => (typeof value === 'number' ? value : null);
const log = await openCompactedLog<number>(path, { parse, learn, known: () => newest, mostLines, hint: '' });
for (let n = (newest.at(-1) ?? 0) + 1; ; n++) {
  learn(n);
  await log.append(n);
  process.stdout.write(`${n}\n`);
}

function learn(n: number): void {
  if (newest.includes(n)) return;
  newest.push(n);
  if (newest.length > keep) newest.shift();
}
