import { z } from 'zod';
import { balancers } from './balancer.js';
import { error } from './common.js';
import { configCheck, configDiff, configShow, configShowRaw, configUpgrade } from './config.js';
import { events } from './events.js';
import { lock } from './lock.js';
import { mailStatus, mailTest } from './mail.js';
import { login } from './login.js';
import { logLine, logStats } from './log.js';
import { memory } from './memory.js';
import { operationAbort, operationLine, operations, plan, repair } from './operation.js';
import { perf } from './perf.js';
import { report } from './report.js';

/**
 * The JSON Schema of a document as it is published. Fields may be added within one schema number, so a reader's copy must not refuse
 * them; our own definitions do, and the tests go by these.
 */
export function jsonSchemaOf({ title, schema }: Document): object {
  const { $schema, ...body } = z.toJSONSchema(schema, {
    override: ({ jsonSchema }) => {
      if (jsonSchema.additionalProperties === false) delete jsonSchema.additionalProperties;
    },
  });
  return { $schema, title, ...body };
}

export interface Document {
  /** The commands that print it. */
  readonly title: string;
  readonly schema: z.ZodType;
}

/** Everything that `--json` prints, by the name of its file in deploy/schema. */
export const DOCUMENTS = {
  report: { title: 'ctl check|status --json', schema: report },
  'operation-line': {
    title: 'ctl start|restart|stop|repair|rotate --json and ctl operations show|resume --json: each line',
    schema: operationLine,
  },
  plan: { title: 'ctl start|restart|stop --dry-run --json', schema: plan },
  repair: { title: 'ctl repair --explain --json', schema: repair },
  'log-line': { title: 'ctl log --json: each line', schema: logLine },
  'log-stats': { title: 'ctl log stats --json', schema: logStats },
  memory: { title: 'ctl mem --json', schema: memory },
  perf: { title: 'ctl perf --json', schema: perf },
  operations: { title: 'ctl operations list --json', schema: operations },
  'operation-abort': { title: 'ctl operations abort --json', schema: operationAbort },
  balancer: { title: 'ctl balancer status|out|in --json', schema: balancers },
  'config-check': { title: 'ctl config check --json', schema: configCheck },
  'config-diff': { title: 'ctl config diff --json', schema: configDiff },
  'config-show': { title: 'ctl config show --json', schema: configShow },
  'config-show-raw': { title: 'ctl config show --raw --json', schema: configShowRaw },
  'config-upgrade': { title: 'ctl config upgrade --json', schema: configUpgrade },
  events: { title: 'ctl events --json', schema: events },
  'mail-status': { title: 'ctl mail status --json', schema: mailStatus },
  'mail-test': { title: 'ctl mail test --json', schema: mailTest },
  lock: { title: 'ctl lock --json', schema: lock },
  login: { title: 'ctl login --json', schema: login },
  error: { title: 'any command with --json that could not do it', schema: error },
} satisfies Record<string, Document>;
