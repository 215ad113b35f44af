import type { Step } from '../../../shared/model/operation.js';

/** What people read for each step of an operation. */
export const STEP_LABELS: Readonly<Record<Step, string>> = {
  out: 'out',
  drain: 'drain',
  stop: 'stop',
  start: 'start',
  check: 'check',
  warm: 'warm-up',
  in: 'in',
  back: 'back in',
  skip: 'skipped',
  fail: 'failed',
  purge: 'purge',
  rotate: 'rotate',
};
