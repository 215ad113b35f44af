import { describe, expect, it } from 'vitest';
import { formatPlan } from '../../../../../controller/ctl/format/plan.js';
import { createStyle } from '../../../../../controller/ctl/format/style.js';

const plain = createStyle({ color: false, unicode: true });

describe('a plan', () => {
  it('is a line per client, its steps in order', () => {
    const step = (name: 'out' | 'stop' | 'in', detail: string | null = null) => ({ step: name, service: 'c1', batch: 1, pool: 0, detail });
    const shown = formatPlan(
      'start',
      { steps: [step('out'), step('stop'), step('in', 'after a check')], warnings: ['mind'], interrupts: [] },
      plain,
    );
    expect(shown).toBe(`start would do this (1 client, 1 pool); nothing was touched:

  BATCH  POOL  SERVICE  STEPS
  1      0     c1       out → stop → in (after a check)

warning  mind
`);
  });

  it('counts services that are no clients apart', () => {
    const of = (service: string, pool: number | null) => ({ step: 'stop', service, batch: 1, pool, detail: null }) as const;
    const sizeOf = (...steps: ReturnType<typeof of>[]) =>
      /\((.*?)\)/.exec(formatPlan('start', { steps, warnings: [], interrupts: [] }, plain))?.[1];
    expect(sizeOf(of('zeo', null), of('c1', 1), of('c2', 2))).toBe('2 clients, 2 pools, 1 other service');
    expect(sizeOf(of('zeo', null), of('pound', null))).toBe('2 services');
  });

  it('says if there is nothing to do', () => {
    expect(formatPlan('start', { steps: [], warnings: [], interrupts: [] }, plain)).toBe('start: nothing to do\n');
  });
});
