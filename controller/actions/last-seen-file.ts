import { z } from 'zod';
import { FINDING_KINDS, SERVICE_STATES, type ServiceReport } from '../../shared/model/check-report.js';
import type { ProcessId } from '../../shared/model/process.js';
import { SERVICE_TYPES } from '../../shared/model/service.js';

const UNMEASURED = z.object({ ok: z.literal(false), why: z.string() });
const measuredAs = <T extends z.core.$ZodLooseShape>(fields: T) =>
  z.union([UNMEASURED, z.object({ ok: z.literal(true), ...fields })]).nullable();

const REPORT: z.ZodType<ServiceReport> = z.object({
  name: z.string(),
  type: z.enum(SERVICE_TYPES),
  host: z.string(),
  pool: z.number().nullable(),
  state: z.enum(SERVICE_STATES),
  balancer: z.enum(['in', 'out', 'dead', 'none', 'unknown']),
  at: z.number().nullable(),
  tcp: measuredAs({ ms: z.number() }),
  http: z
    .union([
      z.object({ ok: z.literal(true), status: z.number(), ms: z.number(), bytes: z.number() }),
      UNMEASURED.extend({ status: z.number().optional() }),
    ])
    .nullable(),
  memory: measuredAs({
    rssKb: z.number(),
    limitKb: z.number(),
    process: z.custom<ProcessId>((value) => typeof value === 'string'),
    uptimeS: z.number(),
    // A file of an earlier version has none.
    growthKbPerH: z.number().nullable().default(null),
  }),
  log: measuredAs({ since: z.string().nullable(), findings: z.number() }),
  findings: z.array(
    z.object({
      event: z.union([z.literal([1, 2, 3, 4, 5]), z.null()]),
      kind: z.enum(FINDING_KINDS),
      message: z.string(),
      expected: z.string().nullable(),
      got: z.string().nullable(),
    }),
  ),
});

/** The file in which the last report of every service is kept. */
export const LAST_SEEN_FILE = z.object({ schema: z.literal(1), services: z.array(REPORT) });
