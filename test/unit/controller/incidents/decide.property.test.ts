import fc from 'fast-check';
import { describe, it, expect } from 'vitest';
import { decideIncidents } from '../../../../controller/incidents/decide.js';
import type { IncidentPolicy, Observation } from '../../../../controller/incidents/observation.js';
import { formatState, NOTHING_YET, parseState, type IncidentState } from '../../../../controller/incidents/state.js';
import type { ServiceReport } from '../../../../shared/model/check-report.js';
import type { IncidentChange } from '../../../../shared/model/incident.js';
import { processId } from '../../../../shared/model/process.js';
import { big, busy, complaining, down, failing, late, unknown, well } from './reports.js';

const NAMES = ['client1', 'client2'];
const SERVICES = new Set(NAMES);

const restarted = (): ServiceReport => well({ log: { ok: true, since: '2026-11-14 01:00:00', findings: 0 } });
const report = fc
  .tuple(fc.constantFrom(...NAMES), fc.constantFrom(well, down, failing, late, busy, big, complaining, unknown, restarted))
  .map(([name, make]) => ({ ...make(), name }));
const silent = fc.subarray(NAMES).map((names) => new Set(names));
const round: fc.Arbitrary<Observation> = fc
  .tuple(fc.uniqueArray(report, { selector: ({ name }) => name }), silent)
  .map(([reports, quiet]) => ({ type: 'round', reports, silent: quiet, services: SERVICES, dark: null }));
const agent: fc.Arbitrary<Observation> = fc.tuple(fc.constantFrom(...NAMES), fc.boolean(), silent).map(([service, died, quiet]) => ({
  type: 'agent',
  host: 'web1',
  events: [
    died
      ? { id: 'd', at: 0, service, kind: 'died', process: processId(1, 1), why: 'killed' }
      : { id: 'e', at: 0, service, kind: 'critical-entry', file: '/log', entry: { time: '2026-11-13 13:00:00', level: null, text: 'x' } },
  ],
  silent: quiet,
  services: SERVICES,
}));
const acted: fc.Arbitrary<Observation> = fc.constantFrom(...NAMES).map((service) => ({ type: 'acted', service, action: 'restarted' }));
const observations = fc.array(fc.oneof({ weight: 8, arbitrary: round }, agent, acted), { maxLength: 60 });
const policies: fc.Arbitrary<IncidentPolicy> = fc.record({
  failures: fc.integer({ min: 1, max: 4 }),
  recoveries: fc.integer({ min: 1, max: 3 }),
  busyRounds: fc.integer({ min: 1, max: 3 }),
});

function run(
  policy: IncidentPolicy,
  all: readonly Observation[],
  each: (observation: Observation, changes: readonly IncidentChange[]) => void,
) {
  let state: IncidentState = NOTHING_YET;
  for (const [i, observation] of all.entries()) {
    const decision = decideIncidents(state, observation, policy, 1000 * i);
    state = parseState(formatState(decision.state));
    each(observation, decision.changes);
  }
  return state;
}

describe('whatever is observed', () => {
  it('an incident opens once, changes only while it lasts, ends once, and never two last at one place', () => {
    fc.assert(
      fc.property(policies, observations, (policy, all) => {
        const lasting = new Map<string, string>();
        const ended = new Set<string>();
        const state = run(policy, all, (_, changes) => {
          for (const { type, incident } of changes) {
            const place = `${incident.service ?? ''} ${incident.event ?? incident.kind}`;
            if (type === 'opened') {
              expect(lasting.has(place)).toBe(false);
              expect(ended.has(incident.id)).toBe(false);
              lasting.set(place, incident.id);
              continue;
            }
            expect(lasting.get(place)).toBe(incident.id);
            expect(incident.ended === null).toBe(type === 'changed');
            if (type === 'ended') {
              lasting.delete(place);
              ended.add(incident.id);
            }
          }
        });
        const open = [...state.tracks.values()].flatMap(({ incident }) => incident?.id ?? []);
        expect(new Set(open)).toEqual(new Set(lasting.values()));
      }),
    );
  });

  it('what was not measured opens no critical incident and ends none', () => {
    fc.assert(
      fc.property(policies, observations, fc.array(fc.constantFrom(...NAMES), { minLength: 1, maxLength: 5 }), (policy, before, names) => {
        const blind: Observation[] = names.map((name) => ({
          type: 'round',
          reports: [{ ...unknown(), name }],
          silent: new Set<string>(),
          services: SERVICES,
          dark: null,
        }));
        let told: IncidentChange[] = [];
        let seen = 0;
        run(policy, [...before, ...blind], (_, changes) => {
          if (seen++ >= before.length) told = [...told, ...changes];
        });
        expect(told.filter(({ incident }) => incident.event !== null)).toEqual([]);
      }),
    );
  });

  it('a service that a planned operation works on neither opens nor ends anything', () => {
    fc.assert(
      fc.property(policies, observations, (policy, all) => {
        run(policy, all, (observation, changes) => {
          if (observation.type !== 'round' && observation.type !== 'agent') return;
          for (const { incident } of changes) expect(observation.silent.has(incident.service ?? '')).toBe(false);
        });
      }),
    );
  });

  it('a service that flaps opens no more often than bad and good rounds in a row allow', () => {
    const flapping = fc.array(fc.constantFrom(well, down, unknown), { maxLength: 80 });
    fc.assert(
      fc.property(policies, flapping, (policy, makes) => {
        const all = makes.map((make): Observation => ({
          type: 'round',
          reports: [make()],
          silent: new Set(),
          services: SERVICES,
          dark: null,
        }));
        const bad = makes.filter((make) => make === down).length;
        let opened = 0;
        run(policy, all, (_, changes) => {
          opened += changes.filter(({ type, incident }) => type === 'opened' && incident.event === 1).length;
        });
        const good = makes.filter((make) => make === well).length;
        expect(opened).toBeLessThanOrEqual(Math.floor(bad / policy.failures));
        expect(opened).toBeLessThanOrEqual(Math.floor(good / policy.recoveries) + 1);
      }),
    );
  });
});
