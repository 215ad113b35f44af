import type { ValueType } from '../values/value-type.js';

/** One key of cluster.ini: what is read, what applies without it, what it is for. The example and the validation come from it. */
export interface Key<T> {
  readonly key: string;
  readonly type: ValueType<T>;
  /** As it would be written; '' for none. An unset key that has no default and is needed reports itself as missing. */
  readonly default: string;
  readonly sentence: string;
  /** A value for the example file where the default tells nothing. */
  readonly example: string | null;
}

export type AnyKey = Key<unknown>;
export type Keys = Readonly<Record<string, AnyKey>>;

type Draft<T> = Omit<Key<T>, 'key'>;

export const key = <T>(type: ValueType<T>, fallback: string, sentence: string, example: string | null = null): Draft<T> => ({
  type,
  default: fallback,
  sentence,
  example,
});

/** Gives each key the name under which it stands. */
export function keys<S extends Record<string, Draft<unknown>>>(drafts: S): { readonly [K in keyof S]: S[K] & { readonly key: string } } {
  return Object.fromEntries(Object.entries(drafts).map(([name, draft]) => [name, { ...draft, key: name }])) as never;
}
