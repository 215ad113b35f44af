import type { PurgeStep } from './plan.js';
import type { Progress } from './progress.js';

/** The next cache that is to be purged, one after the other: they shall not all be away at once. null: none is left. */
export function decidePurge({ plan, purges }: Progress): { readonly do: 'purge'; readonly purge: PurgeStep } | null {
  const purge = (plan.purge ?? []).find(({ service }) => typeof purges.get(service)?.ms !== 'number');
  return purge === undefined ? null : { do: 'purge', purge };
}

/** The same for an operation that does nothing else: no client is looked at for it. null: it does more. */
export function decidePurgeAlone(
  progress: Progress,
): ReturnType<typeof decidePurge> | { readonly do: 'finish'; readonly outcome: 'completed'; readonly why: null } {
  if (progress.plan.action !== 'purge') return null;
  return decidePurge(progress) ?? { do: 'finish', outcome: 'completed', why: null };
}
