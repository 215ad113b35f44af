/** The candidates that a mistyped `name` most likely means, nearest first; none if nothing is near. */
export function nearest(name: string, candidates: Iterable<string>, max = 3): string[] {
  const limit = Math.max(1, Math.floor(name.length / 3));
  return [...new Set(candidates)]
    .filter((candidate) => Math.abs(candidate.length - name.length) <= limit)
    .slice(0, MAX_CANDIDATES)
    .map((candidate) => ({ candidate, distance: editDistance(name.toLowerCase(), candidate.toLowerCase()) }))
    .filter(({ distance }) => distance <= limit)
    .sort((a, b) => a.distance - b.distance)
    .slice(0, max)
    .map(({ candidate }) => candidate);
}

/** `did you mean "a" or "b"?`; null if nothing is near. */
export function didYouMean(name: string, candidates: Iterable<string>, max = 1): string | null {
  const found = nearest(name, candidates, max).map((candidate) => `"${candidate}"`);
  return found.length === 0 ? null : `did you mean ${found.join(' or ')}?`;
}

/** Characters to insert, delete, replace or swap with their neighbour. Names longer than this are not compared: it would take long. */
function editDistance(a: string, b: string): number {
  if (a === b) return 0;
  if (a.length > MAX_LENGTH || b.length > MAX_LENGTH) return MAX_LENGTH;
  let before: number[] = [];
  let above = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1] ? at(before, j - 2) + 1 : Infinity;
      row.push(Math.min(at(above, j) + 1, at(row, j - 1) + 1, at(above, j - 1) + (a[i - 1] === b[j - 1] ? 0 : 1), swapped));
    }
    [before, above] = [above, row];
  }
  return at(above, b.length);
}

const MAX_LENGTH = 100;
const MAX_CANDIDATES = 500;
const at = (row: readonly number[], index: number): number => row[index] ?? Infinity;
