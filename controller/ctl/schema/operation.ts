import { z } from 'zod';
import { OUTCOMES } from '../../../shared/model/operation.js';
import { REPAIR_ACTIONS, REPAIR_STATES } from '../../../shared/model/repair.js';
import { exit, isoTime, rollAction, schemaNumber, step } from './common.js';

const stepLine = z.strictObject({
  type: z.literal('step'),
  operation: z.string(),
  service: z.string(),
  step,
  state: z.enum(['begin', 'end']),
  at: isoTime,
  ms: z.int().min(0).nullable(),
  detail: z.string().nullable(),
});

const resultLine = z.strictObject({
  type: z.literal('result'),
  schema: schemaNumber,
  action: rollAction,
  exit,
  operation: z.string(),
  /** null: it runs on, and `operations show` looked at it without `--follow`. */
  outcome: z.enum(OUTCOMES).nullable(),
  seconds: z.number().min(0),
  why: z.string().nullable(),
  services: z.array(
    z.strictObject({
      name: z.string(),
      result: z.enum(['done', 'failed', 'untouched', 'skipped']),
      why: z.string().nullable(),
      last_log_entry: z.string().nullable(),
      steps: z.partialRecord(z.templateLiteral([step, '_ms']), z.int().min(0)),
    }),
  ),
});

/** A line of the stream of `start`, `restart`, `stop`, `operations show|resume`. */
export const operationLine = z.union([stepLine, resultLine]);

/** `--dry-run`. */
export const plan = z.strictObject({
  schema: schemaNumber,
  action: rollAction,
  exit,
  plan: z.array(
    z.strictObject({
      step,
      service: z.string().nullable(),
      batch: z.int().min(0),
      pool: z.int().min(0).nullable(),
      detail: z.string().nullable(),
    }),
  ),
  warnings: z.array(z.string()),
  /** Running clients that would be restarted or stopped. */
  interrupts: z.array(z.string()),
});

/** `repair --explain`: the steps, and a decision for each service. */
export const repair = plan.extend({
  action: z.literal('repair'),
  decisions: z.array(
    z.strictObject({
      service: z.string(),
      state: z.enum(REPAIR_STATES),
      action: z.enum(REPAIR_ACTIONS),
      reason: z.string(),
    }),
  ),
});

/** `operations list`. */
export const operations = z.strictObject({
  schema: schemaNumber,
  action: z.literal('operations list'),
  exit,
  operations: z.array(
    z.strictObject({
      id: z.string(),
      action: rollAction,
      state: z.enum(['running', 'completed', 'halted', 'aborted', 'interrupted']),
      started: isoTime,
      ended: isoTime.nullable(),
      by: z.string(),
      done: z.array(z.string()),
      failed: z.array(z.string()),
      untouched: z.array(z.string()),
    }),
  ),
});

/** `operations abort`. */
export const operationAbort = z.strictObject({ schema: schemaNumber, action: z.literal('operations abort'), exit, operation: z.string() });
