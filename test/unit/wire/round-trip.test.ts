import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { commandFromWire, commandToWire, partFromWire, partToWire, reportFromWire, reportToWire } from '../../../shared/wire/agent.js';
import type { ConfigDiff as ConfigDiffModel } from '../../../shared/model/config-diff.js';
import type { CheckRequest as CheckRequestModel, StatusRequest as StatusRequestModel } from '../../../shared/model/control-api.js';
import * as control from '../../../shared/wire/control.js';
import { decodeFailure, encodeFailure } from '../../../shared/wire/failure.js';
import { Command, Part, Report } from '../../../shared/wire/gen/ctl/v1/agent.js';
import {
  CheckReport,
  CheckRequest,
  ConfigDiff,
  HaltRequest,
  OperationEvent,
  OperationPlan,
  OperationSummary,
  RunRequest,
  StatusRequest,
} from '../../../shared/wire/gen/ctl/v1/control.js';
import { runs } from '../../support/runs.js';
import { checkReports, commands, errors, events, parts, plans, reports, runRequests, summaries } from './models.js';

interface Codec<W> {
  encode(message: W): { finish(): Uint8Array };
  decode(bytes: Uint8Array): W;
}

/** What comes out at the other end of a real wire. */
const sent = <M, W>(value: M, toWire: (value: M) => W, codec: Codec<W>, fromWire: (wire: W) => M): M =>
  fromWire(codec.decode(codec.encode(toWire(value)).finish()));

function sameAfter<M>(values: fc.Arbitrary<M>, there: (value: M) => M): void {
  fc.assert(
    fc.property(values, (value) => {
      expect(there(value)).toEqual(value);
    }),
    { numRuns: runs(300) },
  );
}

describe('what crosses the wire', () => {
  it('is the same report of an agent at the other end', () => sameAfter(reports, (v) => sent(v, reportToWire, Report, reportFromWire)));
  it('is the same command', () => sameAfter(commands, (v) => sent(v, commandToWire, Command, commandFromWire)));
  it('is the same answer', () => sameAfter(parts, (v) => sent(v, partToWire, Part, partFromWire)));
  it('is the same error', () => sameAfter(errors, (v) => decodeFailure(encodeFailure(v))));
  it('is the same check report', () =>
    sameAfter(checkReports, (v) => sent(v, control.checkReportToWire, CheckReport, control.checkReportFromWire)));
  it('is the same plan', () => sameAfter(plans, (v) => sent(v, control.planToWire, OperationPlan, control.planFromWire)));
  it('is the same difference', () => {
    const text = fc.string({ unit: 'grapheme' });
    const value = fc.option(text, { nil: null });
    const line = fc.option(fc.nat(0xffff_ffff), { nil: null });
    const changes = fc.array(fc.record({ section: text, key: text, before: value, after: value, line }));
    const diffs = fc.record<ConfigDiffModel>({ file: text, loadedAt: fc.nat(), changes, refusals: fc.array(text) });
    sameAfter(diffs, (v) => sent(v, control.configDiffToWire, ConfigDiff, control.configDiffFromWire));
  });
  it('is the same event', () => sameAfter(events, (v) => sent(v, control.eventToWire, OperationEvent, (w) => control.eventFromWire(w, 0))));
  it('is the same summary', () => sameAfter(summaries, (v) => sent(v, control.summaryToWire, OperationSummary, control.summaryFromWire)));
  it('is the same request', () => {
    sameAfter(runRequests, (v) => sent(v, control.runRequestToWire, RunRequest, control.runRequestFromWire));
    const selectors = fc.array(fc.string());
    const path = fc.option(fc.string(), { nil: null });
    sameAfter(fc.record<CheckRequestModel>({ selectors, path }), (v) =>
      sent(v, control.checkRequestToWire, CheckRequest, control.checkRequestFromWire),
    );
    sameAfter(fc.record<StatusRequestModel>({ selectors }), (v) =>
      sent(v, control.statusRequestToWire, StatusRequest, control.statusRequestFromWire),
    );
    const how = fc.constantFrom('interrupted' as const, 'aborted' as const);
    sameAfter(fc.record({ id: fc.string(), how, by: fc.string() }), (v) => sent(v, control.haltToWire, HaltRequest, control.haltFromWire));
  });

  it('is read without a crash, or refused as unsupported, whatever a later version sends', () => {
    const bytes = fc.uint8Array({ maxLength: 200 });
    fc.assert(
      fc.property(
        fc.oneof(
          parts.map((p) => Part.encode(partToWire(p)).finish()),
          bytes,
        ),
        fc.nat(250),
        fc.nat(255),
        (message, at, value) => {
          const changed = Uint8Array.from(message);
          if (changed.length > 0) changed[at % changed.length] = value;
          let part;
          try {
            part = Part.decode(changed);
          } catch {
            return; // Not protobuf: refused below us.
          }
          expect(partFromWire(part)).toHaveProperty('outcome');
        },
      ),
      { numRuns: runs(1000) },
    );
  });
});
