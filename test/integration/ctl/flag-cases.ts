import type { FakeControlScript } from '../../support/fake-control.js';
import type { BackendsRequest, RunRequest } from '../../../shared/model/control-api.js';

/** One option of one action, typed at the built program, and by what it is seen that it was obeyed. */
export interface FlagCase {
  /** Behind `ctl`; one word has no blanks. */
  readonly line: string;
  readonly script?: FakeControlScript;
  /** Exactly what was asked of the controller, in order. */
  readonly calls?: readonly string[];
  /** What the controller was asked to run. */
  readonly request?: Partial<RunRequest>;
  /** What it was asked to tell the balancers. */
  readonly order?: Partial<BackendsRequest>;
  /** What it was asked to look for in the logs. */
  readonly query?: object;
  /** And in those of which services. */
  readonly selectors?: string;
  readonly out?: RegExp;
  readonly err?: RegExp;
  /** Ctrl-C is pressed after so many calls. */
  readonly interruptAfter?: number;
  /** 0 if nothing is said. */
  readonly exit?: number;
}

/** By action, then by option. */
export type FlagCases = Readonly<Record<string, Readonly<Record<string, FlagCase>>>>;
