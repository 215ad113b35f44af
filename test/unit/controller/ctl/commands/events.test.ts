import { describe, expect, it } from 'vitest';
import { DOCUMENTS } from '../../../../../controller/ctl/schema/documents.js';
import type { Incident } from '../../../../../shared/model/incident.js';
import { createFakeControl } from '../../../../support/fake-control.js';
import { FAKE_NOW } from '../../../../support/well-cluster.js';
import { jsonLines, type } from '../harness.js';

const HOUR = 3_600_000;
const incident = (fields: Partial<Incident>): Incident => ({
  ...{ id: '20240925-1', service: 'zeoclient1.1', host: 'web1', event: 1, kind: 'tcp', message: 'zeoclient1.1 on web1: no TCP connection' },
  ...{ expected: 'an accepted connection', got: 'refused', logEntry: 'ERROR Zope\nTraceback', first: FAKE_NOW - 2 * HOUR },
  ...{ last: FAKE_NOW - HOUR, count: 60, ended: FAKE_NOW - HOUR, action: 'restarted through the balancer' },
  ...fields,
});
const away = incident({
  id: '20240925-2',
  event: null,
  kind: 'unmeasured',
  message: 'zeoclient1.1 on web1: not measured',
  ended: null,
  action: null,
});
const skipped = incident({
  id: '20240925-3',
  service: null,
  host: null,
  event: null,
  kind: 'roll',
  message: 'the roll was skipped',
  logEntry: null,
});

async function typed(line: string, incidents: readonly Incident[] = []) {
  const control = createFakeControl({ incidents });
  const seat = type(line, { control });
  return { exit: await seat.exit, out: seat.out(), err: seat.err(), calls: control.calls };
}

/** Without the times, which are by the clock of who looks. */
const table = (out: string) => out.replace(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/g, 'YYYY-MM-DD HH:MM:SS');

describe('ctl events', () => {
  it('is a table, what lasts and what was done included, and no failure itself', async () => {
    const { exit, out } = await typed('events', [incident({}), away, skipped]);
    expect(exit).toBe(0);
    expect(table(out)).toBe(
      [
        'BEGAN                LASTED           SERVICE       EVENT       SEEN  WHAT',
        'YYYY-MM-DD HH:MM:SS  1:00:00          zeoclient1.1  1 tcp       60x   zeoclient1.1 on web1: no TCP connection → restarted through the balancer',
        'YYYY-MM-DD HH:MM:SS  2:00:00 (lasts)  zeoclient1.1  unmeasured  60x   zeoclient1.1 on web1: not measured',
        'YYYY-MM-DD HH:MM:SS  1:00:00          -             roll        60x   the roll was skipped → restarted through the balancer',
        '',
      ].join('\n'),
    );
  });

  it('tells with -v what was expected, what was got and what the log said', async () => {
    const { out } = await typed('events -v', [incident({})]);
    expect(table(out)).toContain('  expected: an accepted connection\n  got: refused\n  log: ERROR Zope / Traceback\n');
  });

  it('asks for what was chosen', async () => {
    expect((await typed('events pool:1 --open --since 2h')).calls).toEqual([`incidents pool:1 open=true since=${FAKE_NOW - 2 * HOUR}`]);
    expect((await typed('events')).calls).toEqual(['incidents  open=false since=null']);
  });

  it('says so when there is nothing', async () => {
    expect((await typed('events')).out).toBe('nothing happened yet\n');
    expect((await typed('events --since 2h')).out).toBe('nothing of that kind happened\n');
    expect((await typed('events --open')).out).toBe('nothing is wrong, as far as is known; `ctl check` measures now\n');
  });

  it('refuses a time that is none', async () => {
    expect(await typed('events --since yesterday')).toMatchObject({ exit: 2, out: '', calls: [] });
  });

  it('has a document', async () => {
    const documents = jsonLines((await typed('events --json', [incident({}), away, skipped])).out);
    expect(DOCUMENTS.events.schema.safeParse(documents[0]).error?.issues ?? []).toEqual([]);
    expect(documents).toMatchObject([
      {
        schema: 1,
        action: 'events',
        exit: 0,
        events: [
          {
            id: '20240925-1',
            service: 'zeoclient1.1',
            event: 1,
            kind: 'tcp',
            count: 60,
            open: false,
            action: 'restarted through the balancer',
          },
          { id: '20240925-2', event: null, kind: 'unmeasured', open: true, ended: null, action: null },
          { id: '20240925-3', service: null, kind: 'roll' },
        ],
      },
    ]);
  });
});
