/** The names that somebody who typed `typed` most likely meant, best first; none if nothing is near. */
export function nearest(typed: string, names: readonly string[], limit = 1): string[] {
  const wanted = typed.toLowerCase();
  const bound = Math.max(1, Math.floor(wanted.length / 3) + 1);
  return names
    .map((name) => ({ name, distance: name.startsWith(wanted) ? 1 : distance(wanted, name.toLowerCase()) }))
    .filter((one) => one.distance <= bound)
    .sort((a, b) => a.distance - b.distance)
    .slice(0, limit)
    .map((one) => one.name);
}

/** Insertions, deletions, replacements and swaps of neighbours that lead from `a` to `b`. */
function distance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let best = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (last[j - 1] ?? 0) + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) best = Math.min(best, (beforeLast[j - 2] ?? 0) + 1);
      row.push(best);
    }
    beforeLast = last;
    last = row;
  }
  return last[b.length] ?? 0;
}
