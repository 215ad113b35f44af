import { AppError } from '../../../../shared/errors.js';
import { atLeastOne, batchSize, count, duration, requestPath } from '../option-values.js';
import { type Action, commonOf, type Examples, noMail, option, removeLock, selection, selectorsOf, type Typed } from '../action.js';

export interface RollInvocation {
  readonly action: 'start' | 'restart' | 'stop';
  readonly selectors: readonly string[];
  readonly noMail: boolean;
  /** Typed as `-a ACTION`: never asks. */
  readonly oldForm: boolean;
  readonly dryRun: boolean;
  readonly yes: boolean;
  readonly force: boolean;
  readonly batch: string | null;
  readonly maxFail: number | null;
  readonly deadlineS: number | null;
  /** `-u`. */
  readonly path: string | null;
  readonly canary: number | null;
  readonly canaryWaitS: number | null;
  readonly minHealthyS: number | null;
  /** `-R`. */
  readonly rotate: boolean;
  /** `-P`. */
  readonly purge: boolean;
  /** `-r`. */
  readonly removeLock: boolean;
}

const ofAStart = () => [
  option('-u <path>', 'page that a client has to answer well after its start, instead of the home page', requestPath),
  option('-R', 'rotate the logs of what is restarted before'),
  option('-P', 'purge the proxy caches after the last client is in'),
  option('--canary <n>', 'after so many clients, wait for `ctl operations resume`', atLeastOne('--canary')),
  option('--canary-wait <duration>', 'with --canary: or for so long (10m)', duration('--canary-wait')),
  option('--min-healthy <duration>', 'a client stays healthy for so long (30s) before the next one leaves', duration('--min-healthy')),
];

function watchOf(typed: Typed): Pick<RollInvocation, 'path' | 'canary' | 'canaryWaitS' | 'minHealthyS'> {
  if (typed.canaryWait !== undefined && typed.canary === undefined) {
    throw new AppError('usage', '--canary-wait: how many canaries?', { hint: 'for example `--canary 1 --canary-wait 10m`' });
  }
  return {
    path: (typed.u as string | undefined) ?? null,
    canary: (typed.canary as number | undefined) ?? null,
    canaryWaitS: (typed.canaryWait as number | undefined) ?? null,
    minHealthyS: (typed.minHealthy as number | undefined) ?? null,
  };
}

const EXAMPLES: Readonly<Record<RollInvocation['action'], Examples>> = {
  start: [
    ['ctl start --dry-run', 'what would be done, step by step'],
    ['ctl start', 'all clients, pool by pool'],
    ['ctl start zeoclient1.1 zeoclient1.2', 'these'],
    ['ctl start pool:2 --canary 1 --canary-wait 10m', 'one, and after ten good minutes the others'],
  ],
  restart: [['ctl restart pool:1', 'the clients of a pool, without a question']],
  stop: [
    ['ctl stop zeoclient1.1', 'one client, out of the balancer first'],
    ['ctl stop --yes', 'everything, from a script'],
  ],
};

const roll = (name: RollInvocation['action'], summary: string): Action<RollInvocation> => ({
  name,
  summary,
  operands: '[services...]',
  examples: EXAMPLES[name],
  options: [
    selection(),
    option('--dry-run', 'print the steps and do nothing'),
    option('--yes', 'do not ask'),
    option('--force', 'also where it takes clients out below min_active'),
    removeLock(),
    noMail(),
    option('--batch <size>', 'clients that go at once: a number, a percentage, pool, auto', batchSize),
    option('--max-fail <n>', 'go on after up to so many failed clients, exit 3', count('--max-fail')),
    option('--deadline <duration>', 'limit for the whole roll (2h); it halts then, and can be resumed', duration('--deadline')),
    ...(name === 'stop' ? [] : ofAStart()),
  ],
  read: (typed, operands, oldForm) => ({
    ...commonOf(typed),
    action: name,
    selectors: selectorsOf(typed, operands),
    oldForm,
    dryRun: typed.dryRun === true,
    yes: typed.yes === true,
    force: typed.force === true,
    batch: (typed.batch as string | undefined) ?? null,
    maxFail: (typed.maxFail as number | undefined) ?? null,
    deadlineS: (typed.deadline as number | undefined) ?? null,
    rotate: typed.R === true,
    purge: typed.P === true,
    ...watchOf(typed),
    removeLock: typed.r === true,
    noMail: typed.mail === false,
  }),
});

export const ROLL: readonly Action<RollInvocation>[] = [
  roll('start', 'start or restart clients, one after the other, without a failed request'),
  roll('restart', 'the same, and never asks'),
  roll('stop', 'take clients out of the balancer and stop them'),
];
