import { AppError } from '../../../../shared/errors.js';
import { type Action, commonOf } from '../action.js';

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

export interface CompletionInvocation {
  readonly action: 'completion';
  readonly shell: Shell;
}

/** `words`: what stands after `ctl`, up to the cursor. */
export interface CompleteInvocation {
  readonly action: 'complete';
  readonly words: readonly string[];
}

/** What the shell and the manual need of us. */
export const COMPLETION: readonly Action<CompletionInvocation | CompleteInvocation>[] = [
  {
    name: 'completion',
    summary: 'the script that completes actions, options and service names in a shell',
    operands: `<${SHELLS.join('|')}>`,
    options: [],
    read(typed, operands) {
      const shell = SHELLS.find((one) => one === operands[0]);
      if (shell !== undefined && operands.length === 1) return { ...commonOf(typed), action: 'completion', shell };
      throw new AppError('usage', `ctl completion: ${operands.join(' ')}: not a shell`, { hint: `one of ${SHELLS.join(', ')}` });
    },
  },
  {
    name: 'complete',
    summary: 'what that script asks',
    operands: '[words...]',
    options: [],
    hidden: true,
    read: (typed, operands) => ({ ...commonOf(typed), action: 'complete', words: operands }),
  },
];
