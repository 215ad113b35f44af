import type { MemberResult, OperationAction, OperationResult, Step } from '../../../shared/model/operation.js';
import { EXIT, worstExit } from '../exit-codes.js';
import { toLine } from '../format/error.js';
import { createJsonView } from '../operation/json-view.js';
import { resultToJson } from '../format/json-operation.js';
import { createPlainView } from '../operation/plain-view.js';
import { evolve, inHand, NO_PROGRESS, type MemberProgress, type Progress } from '../operation/progress.js';
import type { Connected } from '../session.js';

/** What an operation did so far, and its result if it has one. The exit code is that of the operation; one that runs on is well. */
export async function replay({ api, deps, options, style, errStyle, command, signal }: Connected, id: string): Promise<number> {
  const { terminal } = deps;
  // Nothing is live about the past: lines, also on a terminal.
  const view = options.json
    ? createJsonView(terminal, 'operations show')
    : createPlainView(terminal, { style, errStyle, verbose: options.verbose, command });
  let progress = NO_PROGRESS;
  for await (const event of api.events(id, { follow: false }, signal)) {
    progress = evolve(progress, event);
    view.show(event);
  }
  if (progress.result !== null) return worstExit([progress.result.exit]);
  if (options.json) terminal.out(toLine(resultToJson(unfinished(id, progress))));
  else terminal.out(`\n${id} has not ended${handsOf(progress)}; \`${command('operations', 'show', id, '--follow')}\` watches it\n`);
  return EXIT.well;
}

const handsOf = (progress: Progress): string => {
  const names = inHand(progress);
  return names.length === 0 ? '' : `, in hand: ${names.join(', ')}`;
};

function unfinished(id: string, progress: Progress): Omit<OperationResult, 'outcome'> & { outcome: null } {
  return {
    operation: id,
    action: (progress.action ?? 'start') as OperationAction,
    outcome: null,
    exit: EXIT.well,
    seconds: (progress.lastAt - progress.startedAt) / 1000,
    why: null,
    services: [...progress.members].map(([name, member]) => memberOf(name, member)),
  };
}

function memberOf(name: string, member: MemberProgress): MemberResult {
  const results: Record<MemberProgress['state'], MemberResult['result']> = {
    waiting: 'untouched',
    active: 'untouched',
    done: 'done',
    failed: 'failed',
    skipped: 'skipped',
  };
  const stepsMs: Partial<Record<Step, number>> = {};
  for (const { step, ms } of member.finished) if (ms !== null) stepsMs[step] = (stepsMs[step] ?? 0) + ms;
  return { name, result: results[member.state], why: member.state === 'active' ? 'in hand' : member.detail, lastLogEntry: null, stepsMs };
}
