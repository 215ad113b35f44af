import fc from 'fast-check';
import type { PurgedPage } from '../../../shared/model/cache.js';
import type { ServiceMemory } from '../../../shared/model/memory.js';
import { FAULTS, type ProbeOrder, type ProbeOutcome } from '../../../shared/model/probe.js';
import { count, double, id, ok, orNull, small, text, unmeasured, wait } from './arbitraries.js';

/** What agents measure of memory, caches and addresses. */
export const pages = fc.record({ host: text, path: text });
const address = { ip: text, port: small, timeoutMs: wait };
export const probes: fc.Arbitrary<ProbeOrder> = fc.oneof(
  fc.record({ ...address, kind: fc.constant('tcp' as const) }),
  fc.record({ ...address, kind: fc.constant('http' as const), path: text, authorization: text }),
  fc.record({ ...address, kind: fc.constant('zeo' as const), connectTimeoutMs: wait }),
);

const kb = fc.oneof(unmeasured, fc.record({ ok, kb: count }));
const children = fc.record({ process: id, parent: small, command: text, rss: kb, pss: orNull(kb) });
export const serviceMemories: fc.Arbitrary<ServiceMemory> = fc.oneof(
  fc.record({
    ...{ service: text, ok, process: id, rssKb: count, uptimeS: double, pss: orNull(kb) },
    tree: orNull(fc.oneof(unmeasured, fc.record({ ok, children: fc.array(children) }))),
  }),
  fc.record({ service: text, ok: fc.constant(false as const), why: text, down: fc.boolean() }),
);
export const purgedPages: fc.Arbitrary<PurgedPage> = fc.record({
  ...{ page: pages, status: orNull(small), why: orNull(text) },
  outcome: fc.constantFrom('removed' as const, 'absent' as const, 'refused' as const, 'failed' as const),
});
const no = fc.constant(false as const);
const unreached = fc.constantFrom('no-connection' as const, 'unmeasurable' as const);
export const probeOutcomes: fc.Arbitrary<ProbeOutcome> = fc.oneof(
  fc.record({
    kind: fc.constant('tcp' as const),
    outcome: fc.oneof(fc.record({ ok, ms: double }), fc.record({ ok: no, why: text, fault: unreached })),
  }),
  fc.record({
    kind: fc.constant('http' as const),
    outcome: fc.oneof(
      fc.record({ ok, status: small, ms: double, bytes: count }),
      fc.record({ ok: no, why: text, fault: fc.constantFrom(...FAULTS), status: small }, { requiredKeys: ['ok', 'why', 'fault'] }),
    ),
  }),
  fc.record({
    kind: fc.constant('zeo' as const),
    outcome: fc.oneof(
      fc.record({
        ...{ ok, connectMs: double, ms: double, greeting: text, warnings: fc.array(text) },
        storages: fc.array(fc.record({ name: text, connections: orNull(count), waiting: orNull(count) })),
      }),
      fc.record({ ok: no, why: text, fault: unreached, connectMs: fc.constant(null) }),
      fc.record({ ok: no, why: text, fault: fc.constantFrom('error' as const, 'late' as const), connectMs: double }),
    ),
  }),
);
