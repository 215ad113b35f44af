import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { JournalEvent } from '../../../../controller/rolling/events.js';
import { type JournalStore, openJournalStore } from '../../../../controller/rolling/journal.js';
import { never } from '../checks/fixtures.js';
import { aPlan, attached, entered, halting, settled, started } from '../rolling/fixtures.js';
import { type Given, all, errorOf, operateOn, outcome, request, state } from './operate.js';

let folder: string;
let store: JournalStore;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ctl-operations-'));
  store = await openJournalStore(folder);
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const operate = (given: Partial<Given> = {}) => operateOn({ journals: store, ...given });

/** An operation that its controller did not finish. */
async function leave(id: string, ...events: readonly JournalEvent[]): Promise<void> {
  const journal = await store.open(id);
  await journal.append(started({ ...aPlan([], { id, roots: ['squid'] }) }));
  await journal.append(attached(1));
  for (const event of events) await journal.append(event);
  await journal.close();
}
const OLD_ID = '20250101-000000-0001';
const NEWER_ID = '20250102-000000-0001';

describe('what an earlier controller left', () => {
  it('is taken up again, unless this one is embedded: then it is in the way, by its name', async () => {
    await leave(OLD_ID, entered(2, 'squid', 'start'));
    const { operations } = operate({ resumesByItself: false });
    await operations.recover();
    expect(await state(operations)).toEqual([`${OLD_ID} interrupted`]);
    expect(await errorOf(all(operations.run(request, never)))).toEqual({
      code: 'conflict',
      message: `operation ${OLD_ID} was interrupted and is not finished`,
      hint: `ctl operations resume ${OLD_ID}, or ctl operations abort ${OLD_ID}`,
    });

    const daemon = operate().operations;
    await daemon.recover();
    expect(await outcome(daemon.events(OLD_ID, { follow: true }, never))).toBe('completed');
  });

  it('is in the way although another one came after it', async () => {
    await leave(OLD_ID, halting(2, 'interrupted'), { type: 'finished', at: 3, outcome: 'interrupted', why: null });
    await leave(NEWER_ID, { type: 'finished', at: 3, outcome: 'completed', why: null });
    const { operations } = operate();
    await operations.recover();
    expect(await errorOf(all(operations.run(request, never)))).toMatchObject({
      code: 'conflict',
      message: `operation ${OLD_ID} was interrupted and is not finished`,
    });
  });

  it('and was asked to stop is ended as it was asked to, not finished', async () => {
    await leave(OLD_ID, halting(2, 'interrupted'));
    const { operations } = operate();
    await operations.recover();
    expect(await outcome(operations.events(OLD_ID, { follow: true }, never))).toBe('interrupted');
  });

  it('can be aborted without taking it up', async () => {
    await leave(OLD_ID);
    const { operations } = operate({ resumesByItself: false });
    await operations.halt(OLD_ID, 'aborted', 'bob@desk', never);
    expect(await state(operations)).toEqual([`${OLD_ID} aborted`]);
    expect(await outcome(operations.run(request, never))).toBe('completed');
  });
});

describe('the journals of operations', () => {
  it('go when they are old and finished', async () => {
    await leave('20200101-000000-0001', entered(2, 'squid', 'start'));
    await leave('20200102-000000-0001', { type: 'finished', at: 3, outcome: 'completed', why: null });
    await leave('20200103-000000-0001', { type: 'finished', at: 3, outcome: 'interrupted', why: null });
    const { operations } = operate({ resumesByItself: false });
    await operations.recover();
    expect(await state(operations)).toEqual(['20200101-000000-0001 interrupted', '20200103-000000-0001 interrupted']);
  });

  it('stay as long as one knows by them that a service is down on purpose', async () => {
    const stop = async (id: string, action: 'stop' | 'start') => {
      const journal = await store.open(id);
      await journal.append(started({ ...aPlan([], { id, action, roots: ['squid'] }) }));
      for (const event of [attached(1), entered(2, 'squid', 'stop'), settled(3, 'squid')]) await journal.append(event);
      await journal.append({ type: 'finished', at: 3, outcome: 'completed', why: null });
      await journal.close();
    };
    await stop('20200101-000000-0001', 'stop');
    await stop('20200102-000000-0001', 'start');
    await stop('20200103-000000-0001', 'stop');
    const { operations } = operate({ resumesByItself: false });
    await operations.recover();
    expect(await state(operations)).toEqual(['20200103-000000-0001 completed']);
    expect(await operations.stopped()).toEqual(new Set(['squid']));
  });
});

describe('a controller that is stopping', () => {
  it('begins nothing any more', async () => {
    const { operations, locks } = operate();
    await operations.stop();
    expect(await errorOf(all(operations.run(request, never)))).toEqual({
      code: 'unreachable',
      message: 'the controller is stopping',
      hint: undefined,
    });
    expect(locks).toEqual([]);
    expect(await operations.operations(never)).toEqual([]);
  });
});
