import { z } from 'zod';
import { FINDING_KINDS, SERVICE_STATES } from '../../../shared/model/check-report.js';
import { SERVICE_TYPES } from '../../../shared/model/service.js';
import { exit, isoTime, schemaNumber } from './common.js';

export const unmeasured = z.strictObject({ ok: z.literal(false), why: z.string() });

const finding = z.strictObject({
  event: z.union([z.literal([1, 2, 3, 4, 5]), z.null()]),
  kind: z.enum(FINDING_KINDS),
  message: z.string(),
  expected: z.string().nullable(),
  got: z.string().nullable(),
});

export const usedMemory = z.strictObject({
  ok: z.literal(true),
  rss_kb: z.number().positive(),
  limit_kb: z.number().positive().nullable(),
  share: z.number().nullable(),
  pid: z.int().positive(),
  uptime_s: z.number(),
  /** null: there are too few samples of this process. */
  growth_kb_per_h: z.number().nullable(),
});

export const service = z.strictObject({
  name: z.string(),
  type: z.enum(SERVICE_TYPES),
  host: z.string(),
  pool: z.int().min(0).nullable(),
  state: z.enum(SERVICE_STATES),
  balancer: z.enum(['in', 'out', 'dead', 'none', 'unknown']),
  age_s: z.number().min(0).nullable(),
  tcp: z.union([z.strictObject({ ok: z.literal(true), ms: z.number() }), unmeasured, z.null()]),
  http: z.union([
    z.strictObject({ ok: z.literal(true), status: z.int(), ms: z.number(), bytes: z.int() }),
    z.strictObject({ ok: z.literal(false), why: z.string(), status: z.int().optional() }),
    z.null(),
  ]),
  memory: z.union([usedMemory, unmeasured, z.null()]),
  log: z.union([z.strictObject({ ok: z.literal(true), since: z.string().nullable(), findings: z.int().min(0) }), unmeasured, z.null()]),
  findings: z.array(finding),
});

/** `ctl check --json`, `ctl status --json`. */
export const report = z.strictObject({
  schema: schemaNumber,
  action: z.enum(['check', 'status']),
  exit,
  at: isoTime,
  services: z.array(service),
  warnings: z.array(z.string()),
});
