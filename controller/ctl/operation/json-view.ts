import type { Terminal } from '../deps.js';
import { errorToJson, toLine } from '../format/error.js';
import { resultToJson, stepToJson } from '../format/json-operation.js';
import { oneLine } from '../format/text.js';
import type { OperationView } from './view.js';

/** One object a line: the steps, at last the result. What is no step goes to standard error, as text. */
export function createJsonView(terminal: Terminal, action: string): OperationView {
  return {
    show(event) {
      switch (event.type) {
        case 'started':
          return;
        case 'note': {
          terminal.err(`${event.service === null ? '' : `${oneLine(event.service)}: `}${oneLine(event.message)}\n`);
          return;
        }
        case 'step': {
          terminal.out(toLine(stepToJson(event)));
          return;
        }
        case 'result': {
          terminal.out(toLine(resultToJson(event.result)));
          return;
        }
      }
    },
    say: (message) => terminal.err(`${message}\n`),
    fail: (error, exit, operation) => terminal.out(toLine(errorToJson(error, { action, exit, stream: { operation } }))),
    close: () => undefined,
  };
}
