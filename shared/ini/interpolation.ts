/** The text of a value after interpolation, or why there is none. */
export type Interpolated =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly kind: 'missing' | 'syntax' | 'loop' | 'size'; readonly why: string };

type Piece = { readonly text: string } | { readonly name: string } | 'bad';

/**
 * Cuts a raw value at its `%(name)s`. A `%` that is neither `%%` nor the beginning of `%(` stays as it is, which Python refuses:
 * old files are full of them. `bare` tells that there was one.
 */
export function cutReferences(raw: string): { readonly pieces: readonly Piece[]; readonly bare: boolean } {
  const pieces: Piece[] = [];
  let bare = false;
  let from = 0;
  for (let at = raw.indexOf('%'); at >= 0; at = raw.indexOf('%', from)) {
    if (at > from) pieces.push({ text: raw.slice(from, at) });
    const next = raw[at + 1];
    if (next === '(') {
      REFERENCE.lastIndex = at;
      const name = REFERENCE.exec(raw)?.[1];
      if (name === undefined) return { pieces: [...pieces, 'bad'], bare };
      pieces.push({ name: name.toLowerCase() });
      from = REFERENCE.lastIndex;
    } else {
      bare ||= next !== '%';
      pieces.push({ text: '%' });
      from = next === '%' ? at + 2 : at + 1;
    }
  }
  if (from < raw.length) pieces.push({ text: raw.slice(from) });
  return { pieces, bare };
}

const REFERENCE = /%\(([^)]+)\)s/y;

/** What all values of one file together may cost, so that a few lines cannot expand without end. */
export interface Budget {
  references: number;
  characters: number;
}

export const createBudget = (): Budget => ({ references: 200_000, characters: 16 * 1024 * 1024 });

/** Replaces every `%(name)s` by what `lookup` finds, at most ten deep as Python does. */
export function interpolate(key: string, raw: string, lookup: (name: string) => string | undefined, budget: Budget): Interpolated {
  const parts: string[] = [];
  const failure = expand(raw, [key]);
  return failure ?? { ok: true, text: parts.join('') };

  function expand(text: string, chain: readonly string[]): Interpolated | null {
    if (chain.length > MAX_DEPTH) return { ok: false, kind: 'loop', why: `more than ${MAX_DEPTH} references deep: ${chain.join(' -> ')}` };
    for (const piece of cutReferences(text).pieces) {
      const failed = piece === 'bad' ? BAD_SYNTAX : 'name' in piece ? refer(piece.name, chain) : put(piece.text);
      if (failed !== null) return failed;
    }
    return null;
  }

  function refer(name: string, chain: readonly string[]): Interpolated | null {
    const found = lookup(name);
    if (found === undefined)
      return { ok: false, kind: 'missing', why: `%(${name})s: there is no key "${name}" in this section or in [DEFAULT]` };
    if (--budget.references < 0) return TOO_MUCH;
    if (!found.includes('%')) return put(found);
    if (chain.includes(name)) return { ok: false, kind: 'loop', why: `refers to itself: ${[...chain, name].join(' -> ')}` };
    return expand(found, [...chain, name]);
  }

  function put(text: string): Interpolated | null {
    budget.characters -= text.length;
    if (budget.characters < 0) return TOO_MUCH;
    parts.push(text);
    return null;
  }
}

const MAX_DEPTH = 10;
const TOO_MUCH: Interpolated = { ok: false, kind: 'size', why: 'the references of this file expand to too much text' };
/** Without the text: it may be a password. */
const BAD_SYNTAX: Interpolated = { ok: false, kind: 'syntax', why: 'a reference must read %(name)s: this one does not end' };

/** The names that a raw value refers to itself. */
export const referencesOf = (raw: string): string[] =>
  raw.includes('%(') ? cutReferences(raw).pieces.flatMap((piece) => (piece !== 'bad' && 'name' in piece ? piece.name : [])) : [];
