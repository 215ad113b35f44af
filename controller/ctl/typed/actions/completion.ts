import { AppError } from '../../../../shared/errors.js';
import { SHELLS } from '../invocation.js';
import { type Action, commonOf } from '../action.js';

/** What the shell and the manual need of us. */
export const SHELL: readonly Action[] = [
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
