import { AppError } from '../../../shared/errors.js';
import { EXIT, worstExit } from '../exit-codes.js';
import { follow } from '../operation/follow.js';
import { toLine } from '../format/error.js';
import { operationsToJson } from '../format/json-operation.js';
import { formatOperations } from '../format/operations.js';
import type { OperationsInvocation } from '../typed/actions/operations.js';
import type { Connected } from '../session.js';
import { createView } from '../operation/view-of.js';
import { replay } from './replay.js';

export async function operations(connected: Connected, invocation: OperationsInvocation): Promise<number> {
  const { api } = connected;
  switch (invocation.action) {
    case 'operations list':
      return list(connected);
    case 'operations abort':
      return abort(connected, invocation.id);
    case 'operations resume': {
      const view = createView(connected, invocation.action);
      return follow(connected, { events: (signal) => api.resume(invocation.id, connected.deps.by, signal), view, owner: true });
    }
    case 'operations show': {
      if (!invocation.follow) return replay(connected, invocation.id);
      const view = createView(connected, invocation.action);
      return follow(connected, { events: (signal) => api.events(invocation.id, { follow: true }, signal), view, owner: false });
    }
  }
}

async function list({ api, deps, options, style, command, signal }: Connected): Promise<number> {
  const all = await api.operations(signal);
  deps.terminal.out(
    options.json
      ? toLine(operationsToJson(all))
      : formatOperations(all, { verbose: options.verbose, now: deps.clock.now(), command }, style),
  );
  return worstExit([EXIT.well]);
}

async function abort({ api, deps, options, command, signal }: Connected, id: string): Promise<number> {
  if (id === '') throw new AppError('usage', 'operations abort: which one?', { hint: `\`${command('operations', 'list')}\` names them` });
  await api.halt(id, 'aborted', deps.by, signal);
  deps.terminal.out(
    options.json
      ? toLine({ schema: 1, action: 'operations abort', exit: EXIT.well, operation: id })
      : `${id}: the client in hand is finished or put back, then it ends for good; \`${command('operations', 'show', id, '--follow')}\` watches it\n`,
  );
  return EXIT.well;
}
