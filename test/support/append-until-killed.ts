import { openCompactedLog } from '../../shared/ports/compacted-log.js';

/** A program that appends 1, 2, 3 … to a compacted log that keeps the newest ten, and prints each when it is on the disk, until it is killed. */
const newest: number[] = [];
const log = await openCompactedLog<number>(process.argv[2] ?? '', {
  parse: (value) => (typeof value === 'number' ? value : null),
  learn,
  known: () => newest,
  mostLines: 13,
  hint: '',
});
for (let n = (newest.at(-1) ?? 0) + 1; ; n++) {
  learn(n);
  await log.append(n);
  process.stdout.write(`${n}\n`);
}

function learn(n: number): void {
  if (newest.includes(n)) return;
  newest.push(n);
  if (newest.length > 10) newest.shift();
}
