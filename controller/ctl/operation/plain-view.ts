import { exitOfError } from '../exit-codes.js';
import type { OperationEvent, Step } from '../../../shared/model/operation.js';
import type { Terminal } from '../deps.js';
import { formatError } from '../format/error.js';
import { STEP_LABELS } from '../format/steps.js';
import { formatResult, type CommandLine } from '../format/report.js';
import type { Style } from '../format/style.js';
import { oneLine } from '../format/text.js';
import { formatMs, formatTime } from '../format/units.js';
import { createNewsFilter, type OperationView } from './view.js';

export interface PlainOptions {
  readonly style: Style;
  readonly errStyle: Style;
  /** The beginning of every step too, not only of the long ones. */
  readonly verbose: boolean;
  readonly command: CommandLine;
}

/** Time-stamped lines for a log, a pipe, a mail of cron; the report at the end. */
export function createPlainView(terminal: Terminal, options: PlainOptions): OperationView {
  const isNews = createNewsFilter();
  return {
    show(event) {
      if (event.type === 'result') {
        terminal.out(`\n${formatResult(event.result, options.style, options.command)}`);
        return;
      }
      if (event.type === 'note' && !isNews(event)) return;
      const text = textOf(event, options.verbose);
      if (text !== null) terminal.out(`${formatTime(event.at)}  ${text}\n`);
    },
    say: (message) => terminal.err(`${message}\n`),
    fail: (error) => terminal.err(formatError(error, exitOfError(error.code), options.verbose, options.errStyle)),
    close: () => undefined,
  };
}

/** A step that may take long says that it begins: whoever reads along wants to know what is being waited for. */
const LONG: readonly Step[] = ['drain', 'start', 'warm'];

function textOf(event: Exclude<OperationEvent, { type: 'result' }>, verbose: boolean): string | null {
  switch (event.type) {
    case 'started': {
      const services = [...new Set(event.plan.flatMap((step) => (step.service === null ? [] : [step.service])))];
      const what = services.length === 0 ? 'there is nothing to do' : services.map(oneLine).join(', ');
      return `${event.action} ${event.operation}: ${what}`;
    }
    case 'note':
      return event.service === null ? `note: ${oneLine(event.message)}` : `${oneLine(event.service)}: ${oneLine(event.message)}`;
    case 'step': {
      // Notes have told it, a line a log.
      const isTold = event.step === 'rotate' && event.state === 'end';
      const detail = event.detail === null || isTold ? '' : `  ${oneLine(event.detail)}`;
      const label = `${oneLine(event.service)}  ${STEP_LABELS[event.step]}`;
      if (event.state === 'end') return `${label}${event.ms === null ? '' : `  ${formatMs(event.ms)}`}${detail}`;
      return verbose || LONG.includes(event.step) ? `${label} ...${detail}` : null;
    }
  }
}
