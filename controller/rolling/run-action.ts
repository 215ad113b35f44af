import type { OutcomeKind } from '../../shared/model/operation.js';
import type { HookAction } from './decide-hook.js';
import type { PurgeStep } from './plan.js';

/** What a run does next as a whole. */
export type RunAction =
  | { readonly do: 'take-out'; readonly client: string }
  | { readonly do: 'rotate'; readonly services: readonly string[] }
  | { readonly do: 'purge'; readonly purge: PurgeStep }
  /** `outside`: those of them that stand outside of the balancer already. */
  | { readonly do: 'begin'; readonly members: readonly string[]; readonly outside?: readonly string[] }
  /** An earlier controller was about to take them out, or had, and they are in: they go back, and their turn comes again. */
  | { readonly do: 'let-be'; readonly members: readonly string[] }
  /** Nothing to begin before one of those in hand has got on. */
  | { readonly do: 'follow' }
  /** `pollMs`: something that takes its time. */
  | { readonly do: 'wait'; readonly why: string; readonly pollMs?: number }
  | HookAction
  /** The canaries have been watched long enough. */
  | { readonly do: 'continue' }
  /** Nothing has to be done to it any more. */
  | { readonly do: 'skip'; readonly member: string; readonly why: string }
  | { readonly do: 'finish'; readonly outcome: Exclude<OutcomeKind, 'refused'>; readonly why: string | null };
