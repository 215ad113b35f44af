import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { BackendView, BalancerReport } from '../../../shared/model/balancer-report.js';
import {
  backendsRequestFromWire,
  backendsRequestToWire,
  balancerReportFromWire,
  balancerReportToWire,
} from '../../../shared/wire/control.js';
import { BackendsRequest, BalancerReport as WireReport } from '../../../shared/wire/gen/ctl/v1/balancer.js';

const orNull = <T>(arb: fc.Arbitrary<T>) => fc.option(arb, { nil: null });
const text = fc.string();
const count = fc.nat();
const epoch = fc.nat(2 ** 31);

const backend: fc.Arbitrary<BackendView> = fc.record({
  service: orNull(text),
  address: text,
  place: text,
  inFile: fc.constantFrom('in', 'out', 'absent', 'unkept'),
  inRuntime: fc.constantFrom('in', 'out', 'absent', 'unknown'),
  alive: orNull(fc.boolean()),
  sessions: orNull(count),
  inFlight: orNull(count),
  hold: orNull(fc.record({ service: text, by: text, reason: orNull(text), since: epoch, until: orNull(epoch) })),
});
const view = fc.record({
  name: text,
  host: text,
  driver: orNull(text),
  version: orNull(text),
  why: orNull(text),
  backends: fc.array(backend, { maxLength: 3 }),
});
const report: fc.Arbitrary<BalancerReport> = fc.record({
  at: epoch,
  exit: fc.nat(200),
  balancers: fc.array(view, { maxLength: 3 }),
  drift: fc.array(text),
  notes: fc.array(text),
});
const request = fc.record({
  wanted: fc.constantFrom('in' as const, 'out' as const),
  selectors: fc.array(text),
  by: text,
  force: fc.boolean(),
  forS: orNull(fc.nat()),
  reason: orNull(text),
});

describe('what is said of the balancers', () => {
  it('comes over the wire as it was', () => {
    fc.assert(
      fc.property(report, (sent) => {
        expect(balancerReportFromWire(WireReport.decode(WireReport.encode(balancerReportToWire(sent)).finish()))).toEqual(sent);
      }),
    );
    fc.assert(
      fc.property(request, (sent) => {
        expect(backendsRequestFromWire(BackendsRequest.decode(BackendsRequest.encode(backendsRequestToWire(sent)).finish()))).toEqual(sent);
      }),
    );
  });

  it('is unknown where a later version says something new of what runs, and refused where the order is new', () => {
    const [sent] = fc.sample(
      report.filter((r) => (r.balancers[0]?.backends.length ?? 0) > 0),
      1,
    );
    if (sent === undefined) throw new Error('no sample');
    const wire = balancerReportToWire(sent);
    for (const one of wire.balancers) for (const each of one.backends) each.inRuntime = 99 as never;
    expect(balancerReportFromWire(wire).balancers[0]?.backends[0]?.inRuntime).toBe('unknown');
    const order = backendsRequestToWire({ wanted: 'in', selectors: [], by: '', force: false, forS: null, reason: null });
    expect(() => backendsRequestFromWire({ ...order, wanted: 99 as never })).toThrow(
      expect.objectContaining({ code: 'unsupported' }) as Error,
    );
  });
});
