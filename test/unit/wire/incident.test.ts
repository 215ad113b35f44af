import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Incident, INCIDENT_KINDS } from '../../../shared/model/incident.js';
import {
  incidentReportFromWire,
  incidentReportToWire,
  incidentsRequestFromWire,
  incidentsRequestToWire,
} from '../../../shared/wire/incident.js';
import { IncidentReport, IncidentsRequest } from '../../../shared/wire/gen/ctl/v1/incident.js';

const orNull = <T>(arb: fc.Arbitrary<T>) => fc.option(arb, { nil: null });
const text = fc.string();
const epoch = fc.nat(2 ** 31);
const incident: fc.Arbitrary<Incident> = fc.record({
  id: text,
  service: orNull(text),
  host: orNull(text),
  event: orNull(fc.constantFrom(1, 2, 3, 4, 5)),
  kind: fc.constantFrom(...INCIDENT_KINDS),
  message: text,
  expected: orNull(text),
  got: orNull(text),
  logEntry: orNull(text),
  first: epoch,
  last: epoch,
  count: fc.nat(),
  ended: orNull(epoch),
  action: orNull(text),
});

describe('what happened, over the wire', () => {
  it('is the same on the other side', () => {
    fc.assert(
      fc.property(fc.array(incident, { maxLength: 3 }), (incidents) => {
        const bytes = IncidentReport.encode(incidentReportToWire({ incidents })).finish();
        expect(incidentReportFromWire(IncidentReport.decode(bytes))).toEqual({ incidents });
      }),
    );
  });

  it('is asked for in the same words on the other side', () => {
    fc.assert(
      fc.property(fc.record({ selectors: fc.array(text), open: fc.boolean(), since: orNull(epoch) }), (asked) => {
        const bytes = IncidentsRequest.encode(incidentsRequestToWire(asked)).finish();
        expect(incidentsRequestFromWire(IncidentsRequest.decode(bytes))).toEqual(asked);
      }),
    );
  });

  it.each([{ kind: 99 as never }, { event: 6 }])('of a later version is refused, with advice: %j', (odd) => {
    const [sent] = fc.sample(incident, { numRuns: 1, seed: 1 });
    if (sent === undefined) throw new Error('no sample');
    const wire = incidentReportToWire({ incidents: [sent] });
    expect(() => incidentReportFromWire({ incidents: wire.incidents.map((one) => ({ ...one, ...odd })) })).toThrow(
      /this version does not know the (kind of an incident|critical event) that the other side sent/,
    );
  });
});
