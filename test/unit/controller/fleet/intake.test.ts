import { describe, expect, it } from 'vitest';
import { createIntake } from '../../../../controller/fleet/intake.js';
import { createSkew } from '../../../../controller/fleet/skew.js';
import type { AgentEvent } from '../../../../shared/model/agent-event.js';
import { recordedLog } from '../../../contract/agent-api/linked.js';
import { anEvent } from '../../../support/agent-events.js';

const NOW = 1_767_000_000_000;

/** What is taken of what an agent tells, and what is answered. */
async function told(
  events: readonly AgentEvent[],
): Promise<{ readonly taken: readonly AgentEvent[]; readonly answered: readonly string[] }> {
  const taken: AgentEvent[] = [];
  const answered = new Promise<readonly string[]>((resolve) => {
    const session = { hello: { type: 'hello', name: 'web1', version: '1', instance: 'i', protocol: 1 } as const, taken: resolve };
    const takeEvents = async (_: string, some: readonly AgentEvent[]) => void taken.push(...some);
    const repeats = { tell: () => undefined };
    const intake = createIntake({ takeEvents, isOwn: () => true, now: () => NOW, log: recordedLog().log, repeats }, session);
    intake.take({ type: 'events', events, unreadable: [] }, createSkew());
  });
  return { answered: await answered, taken };
}

describe('what an agent tells that was taken over', () => {
  it('has happened by now, whatever it says', async () => {
    const { taken } = await told([8.64e15, -8.64e15, NOW - 5].map((at, n) => ({ ...anEvent(String(n)), at })));
    expect(taken.map(({ at }) => at)).toEqual([NOW, 0, NOW - 5]);
  });

  it('is cut where it is longer than anybody would read', async () => {
    const endless = 'x'.repeat(4_000_000);
    const { taken } = await told([
      {
        ...{ id: '1', at: NOW, service: 'zeoclient1.1' },
        kind: 'critical-entry',
        entry: { time: endless, level: endless, text: endless },
        file: endless,
      },
    ]);
    expect(JSON.stringify(taken).length).toBeLessThan(150_000);
  });

  it('is not remembered by ids that fill the memory, nor taken without an end', async () => {
    const many = Array.from({ length: 5_000 }, (_, n) => anEvent(String(n)));
    const { taken, answered } = await told([anEvent('x'.repeat(4_000_000)), ...many]);
    expect(taken.map(({ id }) => id)).toEqual(many.slice(0, 999).map(({ id }) => id));
    expect(answered).toHaveLength(1_000);
  });
});
