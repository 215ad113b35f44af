import type { HookCommand, HookName } from './plan.js';
import { hookKey, isEnding, type Progress } from './progress.js';

export interface HookAction {
  readonly do: 'hook';
  readonly hook: HookName;
  /** The client it is run for; null: the whole roll. */
  readonly member: string | null;
  readonly argv: HookCommand;
  /** It was begun already, and nobody knows how far it came. */
  readonly again: boolean;
}

/** The hook that is due now, whatever is in hand: after each client that is done, before everything else. */
export function decideHook(progress: Progress): HookAction | null {
  const done = [...progress.members.values()].filter((m) => m.state === 'done' && isClient(progress, m.planned.name));
  for (const { planned } of done) {
    const due = dueHook(progress, 'after_client', planned.name);
    if (due !== null) return due;
  }
  return isEnding(progress) || progress.finished !== null ? null : dueHook(progress, 'before_roll', null);
}

/** null: there is no such command, or it has been run. */
export function dueHook({ plan, hooks }: Progress, hook: HookName, member: string | null): HookAction | null {
  const argv = plan.hooks?.[hook];
  const run = hooks.get(hookKey(hook, member));
  if (argv === undefined || run?.state === 'end') return null;
  return { do: 'hook', hook, member, argv, again: run !== undefined };
}

const isClient = ({ plan }: Progress, name: string): boolean =>
  plan.batches.some((batch) => batch.pool !== null && batch.members.some((member) => member.name === name));
