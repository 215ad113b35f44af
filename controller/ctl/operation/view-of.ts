import { createJsonView } from './json-view.js';
import { createLiveView } from './live-view.js';
import { createPlainView } from './plain-view.js';
import type { OperationView } from './view.js';
import type { Session } from '../session.js';

/** The view that fits where the output goes. */
export function createView({ deps, options, style, errStyle, command }: Session, action: string): OperationView {
  if (options.json) return createJsonView(deps.terminal, action);
  if (deps.terminal.live && !options.verbose) return createLiveView(deps, { style, errStyle, command });
  return createPlainView(deps.terminal, { style, errStyle, verbose: options.verbose, command });
}
