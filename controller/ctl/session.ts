import { linkSignals, orAborted } from '../../shared/abort.js';
import { AppError } from '../../shared/errors.js';
import type { ControlConnection, CtlDeps } from './deps.js';
import type { CommandLine } from './format/report.js';
import type { Style } from './format/style.js';
import type { CommonOptions } from './typed/action.js';

/** What every command gets: how it was called, how to show things, until when it may run. */
export interface Session {
  readonly deps: CtlDeps;
  readonly options: CommonOptions;
  readonly style: Style;
  /** For standard error, which may go elsewhere. */
  readonly errStyle: Style;
  readonly command: CommandLine;
  /** Aborts with `timeout` (`--timeout`) or, unless a command listens itself, with `cancelled` (Ctrl-C). */
  readonly signal: AbortSignal;
}

export interface Connected extends Session {
  readonly api: ControlConnection;
  /** The controller is this process: nobody goes on after us. */
  readonly embedded: boolean;
}

/** Finds the controller by the ini file and talks to it as long as `work` takes. `unreachable` within `CONNECT_MS` if it is not there. */
export async function withController(session: Session, work: (connected: Connected) => Promise<number>): Promise<number> {
  const { deps, options, signal } = session;
  const address = await deps.controllerAddress(options.file);
  const api = address === null ? await deps.embedded(options.file, signal) : await dial(deps, address, signal);
  try {
    return await work({ ...session, api, embedded: address === null });
  } finally {
    await api.close();
  }
}

/** Well under the 5 s within which somebody at a terminal has to learn that nobody is there. */
const CONNECT_MS = 4_000;

async function dial(deps: CtlDeps, address: string, signal: AbortSignal): Promise<ControlConnection> {
  using bound = linkSignals([signal], CONNECT_MS, 'connecting');
  const connecting = deps.connect(address, bound.signal);
  try {
    return await orAborted(connecting, bound.signal);
  } catch (error) {
    // A connection that comes too late after all is nobody's: it must not keep the process alive.
    void connecting.then((late) => late.close()).catch(() => undefined);
    if (signal.aborted) throw error;
    throw unreachable(address, error);
  }
}

function unreachable(address: string, error: unknown): unknown {
  const code = error instanceof AppError ? error.code : null;
  if (code !== 'unreachable' && code !== 'timeout') return error;
  return new AppError('unreachable', `no controller answers at ${address}`, {
    hint: 'is ctl-controller running on its host? `[controller] address` of the ini file says where it is looked for',
    cause: error,
  });
}
