import { AppError } from '../../../shared/errors.js';
import type { Plan, RunRequest } from '../../../shared/model/control-api.js';
import { EXIT } from '../exit-codes.js';
import { follow } from '../operation/follow.js';
import { toLine } from '../format/error.js';
import { planToJson } from '../format/json-operation.js';
import type { Style } from '../format/style.js';
import { oneLine } from '../format/text.js';
import type { PurgeInvocation } from '../typed/actions/purge.js';
import type { Connected } from '../session.js';
import { createView } from '../operation/view-of.js';
import { removeLockFirst } from './lock.js';

/** `purge`, in both forms. The modern one asks where a proxy would be away for it. */
export async function purge(connected: Connected, invocation: PurgeInvocation): Promise<number> {
  const { api, deps, options, style, signal } = connected;
  const { selectors, urls } = invocation;
  const defaults = { force: false, oldForm: invocation.oldForm, maxFail: null, batch: null, deadlineS: null };
  const request: RunRequest = { ...defaults, action: 'purge', selectors, urls, by: deps.by, noMail: invocation.noMail };
  if (invocation.dryRun) {
    const plan = await api.plan(request, signal);
    deps.terminal.out(options.json ? toLine(planToJson('purge', plan)) : formatPurges(plan, style));
    return EXIT.well;
  }
  if (invocation.removeLock) await removeLockFirst(connected, false);
  if (!invocation.oldForm && !invocation.yes) await confirm(connected, request);
  return follow(connected, { events: (following) => api.run(request, following), view: createView(connected, 'purge'), owner: true });
}

/** Throws if the answer is no, or nobody can be asked. */
async function confirm({ api, deps, signal }: Connected, request: RunRequest): Promise<void> {
  const { warnings, interrupts } = await api.plan(request, signal);
  if (interrupts.length === 0) return;
  const what = warnings.map(oneLine).join('\n');
  if (!deps.terminal.canAsk) {
    throw new AppError('usage', `${what}; and there is no terminal to ask on`, { hint: 'say `--yes` if it is meant' });
  }
  const answer = await deps.terminal.ask(`${what}. Go on? [y/N] `, signal);
  if (/^\s*y(es)?\s*$/i.test(answer)) return;
  throw new AppError('precondition', 'not confirmed: nothing was done', { hint: '`--yes` answers beforehand' });
}

function formatPurges({ steps, warnings }: Plan, style: Style): string {
  const lines = steps.map(({ service, detail }) => `  ${style.bold(oneLine(service ?? ''))}  ${oneLine(detail ?? '')}`);
  const warned = warnings.map((one) => `${style.warn('warning')}  ${oneLine(one)}`);
  return `${[`${style.bold('purge would do this')}; nothing was touched:`, ...lines, ...warned].join('\n')}\n`;
}
